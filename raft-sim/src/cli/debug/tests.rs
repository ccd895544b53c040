//! The debugger, as its user meets it: keys, and what the screen shows then.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, KEYS};
use super::draw::draw;
use crate::faulty::Forgetful;
use crate::plan::{Plan, PlanOptions};
use crate::reference::Reference;
use crate::scenario::packaged::PACKAGED;
use crate::scenario::parse::parse;
use crate::scenario::replay::{Verdict, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::Scenario;
use crate::session::{Base, Session};
use crate::subject::Implementation;

fn parsed(text: &str) -> Scenario {
    parse(&Source::new("test.raft", text)).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(name: &str) -> App<'static> {
    let of_name = |path: &str| path.ends_with(&format!("/{name}.raft"));
    let packaged = PACKAGED.iter().find(|it| of_name(it.path)).expect("it is packaged");
    let base = Base::Scenario(Box::new(parsed(packaged.text)));
    App::new(Session::new(base, &Reference).expect("it boots"), name.to_owned())
}

fn seed<'a>(seed: u64, implementation: &'a dyn Implementation) -> App<'a> {
    let options =
        PlanOptions { servers: Some(3), duration_ms: Some(500), ..PlanOptions::default() };
    let base = Base::Plan(Box::new(Plan::draw(seed, &options)));
    App::new(Session::new(base, implementation).expect("it boots"), format!("seed {seed}"))
}

fn key(name: &str) -> KeyEvent {
    let code = match name {
        "right" => KeyCode::Right,
        "left" => KeyCode::Left,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "backspace" => KeyCode::Backspace,
        letter => KeyCode::Char(letter.chars().next().expect("a letter")),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses these keys, with spaces in between. True if the last one leaves.
fn press(app: &mut App<'_>, keys: &str) -> bool {
    let mut leaves = false;
    for name in keys.split_whitespace() {
        assert!(!leaves, "there are keys behind the one that leaves");
        leaves = app.takes(key(name));
    }
    leaves
}

/// Presses each letter of a text.
fn write(app: &mut App<'_>, text: &str) {
    for letter in text.chars() {
        app.takes(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
    }
}

/// The screen as text.
fn screen(app: &mut App<'_>, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory takes it");
    terminal.draw(|frame| draw(app, frame)).expect("memory takes it");
    let buffer = terminal.backend().buffer().clone();
    let lines = buffer.content().chunks(width as usize);
    let lines = lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_scenario_is_stepped_and_changed() {
    let mut app = scenario("figure-8-e");
    press(&mut app, "5 8 g right right");
    insta::assert_snapshot!("stepped", screen(&mut app, 120, 30));
    press(&mut app, "enter");
    insta::assert_snapshot!("choices", screen(&mut app, 120, 70));
    write(&mut app, "crash s1");
    press(&mut app, "enter");
    insta::assert_snapshot!("a_branch", screen(&mut app, 120, 30));
}

#[test]
fn keys_step_both_ways_and_go_to_a_step() {
    let mut app = scenario("figure-8-e");
    press(&mut app, "right right left l h");
    assert_eq!(app.step, 1);
    press(&mut app, "end right");
    let last = app.step;
    assert_eq!(app.said, format!("step {last} is the last one of this branch"));
    press(&mut app, "1 2 g");
    assert_eq!(app.step, 12);
    press(&mut app, "g");
    assert_eq!((app.step, &*app.said), (12, "type the number of a step, then g"));
    press(&mut app, "home n");
    assert!(screen(&mut app, 100, 40).contains("line 20: crash S5"));
    press(&mut app, "n");
    assert!(screen(&mut app, 100, 40).contains("becomes candidate in term 3"));
    press(&mut app, "p p");
    assert_eq!(app.said, "no role, term or server's life changes there");
    assert!(press(&mut app, "q"));
}

#[test]
fn the_page_of_keys_closes_with_any_key_and_the_documentation_has_the_same() {
    let mut app = scenario("figure-8-e");
    press(&mut app, "?");
    assert!(screen(&mut app, 110, 40).contains("what can be done here: a list"));
    press(&mut app, "q");
    assert!(!screen(&mut app, 110, 40).contains("what can be done here: a list"));
    let page = include_str!("../../../../docs/debugging.md");
    for (key, what) in KEYS {
        assert!(page.contains(&format!("\n| `{key}` | {what} |\n")), "docs/debugging.md: {key}");
    }
}

#[test]
fn branches_are_kept_and_a_branch_is_saved_as_a_scenario_that_replays() {
    let folder = std::env::temp_dir().join(format!("raft-sim-debug-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("branch.raft");
    let mut app = seed(3, &Reference);
    press(&mut app, "4 0 0 g enter");
    write(&mut app, "crash s2");
    press(&mut app, "enter");
    assert_eq!((app.branch, app.step), (1, 401));
    assert!(screen(&mut app, 120, 40).contains("branch 1 from 0 at 400 of 2"));
    press(&mut app, "n right right s");
    for _ in 0.."branch.raft".len() {
        press(&mut app, "backspace");
    }
    write(&mut app, &path.to_string_lossy());
    press(&mut app, "enter");
    assert!(
        app.said.ends_with("branch.raft: its replay leads to this state; passed"),
        "{}",
        app.said
    );
    let text = std::fs::read_to_string(&path).expect("it was written");
    assert_eq!(replay(&parsed(&text), &Reference, &mut ()), Verdict::Passed);
    // It is not overwritten.
    press(&mut app, "s");
    for _ in 0.."branch.raft".len() {
        press(&mut app, "backspace");
    }
    write(&mut app, &path.to_string_lossy());
    press(&mut app, "enter");
    assert!(app.said.ends_with("already exists; choose another name"), "{}", app.said);
    press(&mut app, "u");
    assert_eq!((app.branch, app.step), (0, 400));
    press(&mut app, "tab");
    assert_eq!(app.branch, 1);
    press(&mut app, "tab u");
    assert_eq!((app.branch, &*app.said), (0, "this branch was made from no other"));
    std::fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn it_begins_at_the_violation_and_counts_the_chance_of_another() {
    let mut app = seed(7, &Forgetful);
    let text = screen(&mut app, 120, 40);
    assert!(
        text.lines().nth(1).unwrap_or_default().starts_with("Monotonicity (Figure 2, §5.1): "),
        "{text}"
    );
    let last = app.step;
    assert!(last > 0);
    press(&mut app, "enter");
    assert_eq!(app.said, "the run ended here, with a violation; go a step back");
    press(&mut app, "left c");
    assert!(app.said.starts_with("all held in "), "{}", app.said);
    assert!(app.said.contains("monotonicity violated in "), "{}", app.said);
}

#[test]
fn any_size_of_a_terminal_will_do() {
    let mut app = seed(3, &Reference);
    press(&mut app, "end");
    for (width, height) in [(20, 5), (40, 10), (80, 24), (200, 60)] {
        let text = screen(&mut app, width, height);
        assert!(height < 24 || text.contains("seed 3"), "{width} columns: {text}");
        press(&mut app, "?");
        screen(&mut app, width, height);
        press(&mut app, "esc enter");
        screen(&mut app, width, height);
        press(&mut app, "esc");
    }
}
