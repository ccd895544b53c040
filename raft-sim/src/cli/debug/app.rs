//! The state of the debugger, and what keys do.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cli::{Error, files};
use crate::observation::{Observation, Observer, Stop};
use crate::session::{Base, Choice, Session, State, Summary};
use crate::time::Micros;

/// The steps of one page.
const PAGE: usize = 20;
/// The continuations of one question for the chance.
const CONTINUATIONS: u64 = 100;

/// The keys, each with what it does.
pub(super) const KEYS: [(&str, &str); 14] = [
    ("→ l, ← h", "one step forwards, backwards"),
    ("PgDn, PgUp", "20 steps"),
    ("Home, End", "the first step, the last one"),
    ("n, p", "the next, the previous step at which a role, a term or a server's life changes"),
    ("123 g", "step 123"),
    ("Enter, a", "what can be done here: a list; Enter does it, in a new branch"),
    ("Tab, Shift-Tab", "the next branch, the previous one"),
    ("u", "back to the branch that this one was made from, at that step"),
    ("c", "the chance of a violation from here: 100 continuations with chance drawn anew"),
    ("s", "save the branch up to here as a scenario"),
    ("d", "only what differs to the step before, on and off"),
    ("↓ j, ↑ k", "scroll the messages in flight"),
    ("?", "this page"),
    ("q, Ctrl-C", "leave"),
];

/// What the keyboard is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Steps.
    Steps,
    /// A list of actions, with the text that they contain, and the place of the chosen one.
    Choices { all: Vec<Choice>, filter: String, chosen: usize },
    /// The name of a file.
    Save(String),
    /// The page of keys.
    Help,
}

pub(super) struct App<'a> {
    session: Session<'a>,
    pub(super) name: String,
    pub(super) branch: usize,
    pub(super) step: usize,
    pub(super) mode: Mode,
    /// The latest thing to tell.
    pub(super) said: String,
    /// The digits typed so far.
    pub(super) digits: String,
    /// The first message in flight that is shown.
    pub(super) scrolled: usize,
    /// True if only servers that differ to the step before are shown in full.
    pub(super) brief: bool,
    /// The steps of each branch at which something of note happens.
    milestones: BTreeMap<usize, Vec<usize>>,
}

/// Observes at which actions roles, terms or lives of servers change.
struct Milestones {
    step: usize,
    steps: Vec<usize>,
}

impl Observer for Milestones {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let changes = if let Observation::Stepped { before, effects, .. } = observation {
            (before.role, before.term) != (effects.view.role, effects.view.term)
        } else {
            matches!(observation, Observation::Crashed { .. } | Observation::Booted { .. })
        };
        if matches!(observation, Observation::Action { .. }) {
            self.step += 1;
        }
        if changes && self.steps.last() != Some(&self.step) {
            self.steps.push(self.step);
        }
        Ok(())
    }
}

impl<'a> App<'a> {
    /// Begins at the violation, if there is one, or else at the first step.
    pub(super) fn new(session: Session<'a>, name: String) -> App<'a> {
        let step = if session.violation(0).is_some() { session.steps(0) } else { 0 };
        App {
            session,
            name,
            branch: 0,
            step,
            mode: Mode::Steps,
            said: "? lists the keys".to_owned(),
            digits: String::new(),
            scrolled: 0,
            brief: false,
            milestones: BTreeMap::new(),
        }
    }

    pub(super) fn summary(&self) -> Option<Summary> {
        self.session.summary(self.branch)
    }

    pub(super) fn branches(&self) -> usize {
        self.session.branches()
    }

    pub(super) fn state(&mut self) -> Option<State> {
        self.session.state(self.branch, self.step)
    }

    /// The state before the present step.
    pub(super) fn before(&mut self) -> Option<State> {
        self.session.state(self.branch, self.step.checked_sub(1)?)
    }

    /// The present step in words: the action, and what happened.
    pub(super) fn happened(&mut self) -> (String, Vec<String>) {
        let Some(place) = self.step.checked_sub(1) else {
            return ("the cluster has booted".to_owned(), Vec::new());
        };
        let Some(mark) = self.session.marks(self.branch).get(place).cloned() else {
            return (String::new(), Vec::new());
        };
        let words = self.session.words(self.branch, place, &mark.action);
        let own = if mark.injected { " (your own)" } else { "" };
        let line = mark.line.map_or_else(String::new, |line| format!("line {line}: "));
        let happened = self.session.happened(self.branch, self.step);
        (format!("{line}{words}{own}"), happened)
    }

    /// The choices that contain the text that was typed.
    pub(super) fn listed(&self) -> Vec<&Choice> {
        match &self.mode {
            Mode::Choices { all, filter, .. } => {
                let wanted = filter.to_lowercase();
                all.iter().filter(|it| it.text.to_lowercase().contains(&wanted)).collect()
            }
            Mode::Steps | Mode::Save(_) | Mode::Help => Vec::new(),
        }
    }

    /// Takes a key. True if it asks to leave.
    pub(super) fn takes(&mut self, key: KeyEvent) -> bool {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return true;
        }
        match &self.mode {
            Mode::Help => {
                self.mode = Mode::Steps;
                false
            }
            Mode::Steps => self.steps(key.code),
            Mode::Choices { .. } => {
                self.choices(key.code);
                false
            }
            Mode::Save(_) => {
                self.saves(key.code);
                false
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys have no meaning")]
    fn steps(&mut self, key: KeyCode) -> bool {
        let last = self.session.steps(self.branch);
        if let KeyCode::Char(digit @ '0'..='9') = key {
            self.digits.push(digit);
            return false;
        }
        let digits = std::mem::take(&mut self.digits);
        self.said.clear();
        match key {
            KeyCode::Char('q') => return true,
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Right | KeyCode::Char('l') => self.go(self.step + 1),
            KeyCode::Left | KeyCode::Char('h') => self.go(self.step.saturating_sub(1)),
            KeyCode::PageDown => self.go(self.step + PAGE),
            KeyCode::PageUp => self.go(self.step.saturating_sub(PAGE)),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(last),
            KeyCode::Char('n') => self.milestone(true),
            KeyCode::Char('p') => self.milestone(false),
            KeyCode::Char('g') => match digits.parse() {
                Ok(step) => self.go(step),
                Err(_) => self.said = "type the number of a step, then g".to_owned(),
            },
            KeyCode::Enter | KeyCode::Char('a') => self.list(),
            KeyCode::Tab => self.turn((self.branch + 1) % self.branches()),
            KeyCode::BackTab => {
                self.turn((self.branch + self.branches() - 1) % self.branches());
            }
            KeyCode::Char('u') => self.parent(),
            KeyCode::Char('c') => self.chance(),
            KeyCode::Char('s') => self.mode = Mode::Save("branch.raft".to_owned()),
            KeyCode::Char('d') => self.brief = !self.brief,
            KeyCode::Down | KeyCode::Char('j') => self.scrolled += 1,
            KeyCode::Up | KeyCode::Char('k') => self.scrolled = self.scrolled.saturating_sub(1),
            _ => {}
        }
        false
    }

    fn go(&mut self, step: usize) {
        let last = self.session.steps(self.branch);
        if step > last {
            self.said = format!("step {last} is the last one of this branch");
        }
        self.step = step.min(last);
        self.scrolled = 0;
    }

    fn milestone(&mut self, forwards: bool) {
        let (branch, last) = (self.branch, self.session.steps(self.branch));
        if !self.milestones.contains_key(&branch) {
            let mut seen = Milestones { step: 0, steps: Vec::new() };
            self.session.observe(branch, 0, last, &mut seen);
            self.milestones.insert(branch, seen.steps);
        }
        let steps = &self.milestones[&branch];
        let found = if forwards {
            steps.iter().find(|step| **step > self.step)
        } else {
            steps.iter().rev().find(|step| **step < self.step)
        };
        match found.copied() {
            Some(step) => self.go(step),
            None => self.said = "no role, term or server's life changes there".to_owned(),
        }
    }

    fn list(&mut self) {
        let all = self.session.choices(self.branch, self.step);
        if all.is_empty() {
            self.said = "the run ended here, with a violation; go a step back".to_owned();
        } else {
            self.mode = Mode::Choices { all, filter: String::new(), chosen: 0 };
        }
    }

    fn turn(&mut self, branch: usize) {
        self.branch = branch;
        self.go(self.step.min(self.session.steps(branch)));
    }

    fn parent(&mut self) {
        match self.summary().and_then(|it| it.parent.zip(it.forked)) {
            Some((parent, step)) => {
                self.branch = parent;
                self.go(step);
            }
            None => self.said = "this branch was made from no other".to_owned(),
        }
    }

    fn chance(&mut self) {
        self.said = match self.session.likelihood(self.branch, self.step, 0..CONTINUATIONS) {
            Err(why) => why,
            Ok(likelihood) => {
                let mut parts =
                    vec![format!("all held in {} of {} runs", likelihood.held, likelihood.runs)];
                parts.extend(
                    likelihood
                        .violated
                        .iter()
                        .map(|(name, count)| format!("{name} violated in {count}")),
                );
                parts.join(", ")
            }
        };
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys have no meaning")]
    fn choices(&mut self, key: KeyCode) {
        let action = match &self.mode {
            Mode::Choices { chosen, .. } => self.listed().get(*chosen).map(|it| it.action.clone()),
            Mode::Steps | Mode::Save(_) | Mode::Help => None,
        };
        let count = self.listed().len();
        let Mode::Choices { filter, chosen, .. } = &mut self.mode else { return };
        match key {
            KeyCode::Esc => self.mode = Mode::Steps,
            KeyCode::Down => *chosen = (*chosen + 1).min(count.saturating_sub(1)),
            KeyCode::Up => *chosen = chosen.saturating_sub(1),
            KeyCode::PageDown => *chosen = (*chosen + PAGE).min(count.saturating_sub(1)),
            KeyCode::PageUp => *chosen = chosen.saturating_sub(PAGE),
            KeyCode::Char(letter) => {
                filter.push(letter);
                *chosen = 0;
            }
            KeyCode::Backspace => {
                filter.pop();
                *chosen = 0;
            }
            KeyCode::Enter => {
                self.mode = Mode::Steps;
                let Some(action) = action else { return };
                match self.session.apply(self.branch, self.step, action) {
                    Ok(branch) => {
                        self.branch = branch;
                        self.go(self.step + 1);
                        self.said = format!("branch {branch}, with an action of your own");
                    }
                    Err(why) => self.said = why,
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most keys have no meaning")]
    fn saves(&mut self, key: KeyCode) {
        let Mode::Save(name) = &mut self.mode else { return };
        match key {
            KeyCode::Esc => self.mode = Mode::Steps,
            KeyCode::Char(letter) => name.push(letter),
            KeyCode::Backspace => {
                name.pop();
            }
            KeyCode::Enter => {
                let name = std::mem::take(name);
                self.mode = Mode::Steps;
                self.said = match self.saved(Path::new(&name)) {
                    Ok(text) | Err(Error::Message(text)) => text,
                    Err(Error::Output(error)) => format!("{name}: cannot be written: {error}"),
                };
            }
            _ => {}
        }
    }

    /// Saves the branch up to the present step, and returns what there is to tell.
    fn saved(&mut self, path: &Path) -> Result<String, Error> {
        let named = self.name.clone();
        let saved = self.session.save(self.branch, self.step, &named).map_err(Error::Message)?;
        files::new_file(path)?.write_all(saved.scenario.as_bytes())?;
        let same = if saved.same {
            "its replay leads to this state"
        } else {
            "but its replay leads to another state: time matters here, and scenarios have none"
        };
        Ok(format!("{}: {same}; {}", path.display(), saved.verdict))
    }

    /// True if the base is a plan, in which things go on behind an action of one's own.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.session.base(), Base::Plan(_))
    }
}
