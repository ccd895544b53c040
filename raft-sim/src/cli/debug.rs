//! `raft-sim debug`: a run in the terminal, step by step, forwards and backwards, with actions of one's own.

mod app;
mod draw;
mod logs;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal, Write};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

use super::Error;
use super::origin::{Origin, OriginArgs};
use super::subject::{SubjectArgs, Target};
use super::values::PlanArgs;
use crate::report::End;
use crate::session::{Base, Session};

use app::App;

/// Step through a run in the terminal, forwards and backwards, change it at any step, and save that as a scenario
///
/// It begins at the violation, if there is one. `?` lists the keys.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim debug --seed 42\n  raft-sim debug figure-8-e\n  raft-sim debug --seed 42 --servers 3 --faults crash"
)]
pub(super) struct Args {
    #[command(flatten)]
    origin: OriginArgs,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

pub(super) fn debug(args: &Args, target: &Target<'_>, err: &mut dyn Write) -> Result<End, Error> {
    if !io::stdout().is_terminal() {
        let why =
            "debug needs a terminal, and the standard output is none; `explain` and `run` print";
        return Err(Error::Message(why.to_owned()));
    }
    let Some(origin) = args.origin.origin(&args.plan_options, target, err)? else {
        return Ok(End::Unusable);
    };
    let (base, seed, name) = match origin {
        Origin::Plan(plan, name) => {
            let seed = plan.seed;
            (Base::Plan(plan), seed, name)
        }
        Origin::Scenario(scenario) => {
            let (seed, title) = (scenario.header.network.seed, scenario.header.title.clone());
            (Base::Scenario(scenario), seed, title)
        }
    };
    let own = target.implementation().enter(seed).map_err(Error::Message)?;
    let implementation = own.as_deref().unwrap_or(target.implementation());
    let session = Session::new(base, implementation).map_err(Error::Message)?;
    let mut app = App::new(session, name);
    let mut screen = Screen::open().map_err(terminal)?;
    loop {
        screen.0.draw(|frame| draw::draw(&mut app, frame)).map_err(terminal)?;
        let Event::Key(key) = event::read().map_err(terminal)? else { continue };
        if key.kind != KeyEventKind::Release && app.takes(key) {
            return Ok(End::Held);
        }
    }
}

fn terminal(error: io::Error) -> Error {
    Error::Message(format!("the terminal can't be used: {error}"))
}

/// The terminal while it belongs to the program. It is given back when this is dropped, also in a panic.
struct Screen(Terminal<CrosstermBackend<io::Stdout>>);

impl Screen {
    fn open() -> io::Result<Screen> {
        enable_raw_mode()?;
        // From here on the terminal is given back, whatever fails.
        let screen = Terminal::new(CrosstermBackend::new(io::stdout())).map(Screen);
        let screen = screen.inspect_err(|_| give_back())?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was. A failure can't be reported: the terminal is gone.
fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
}
