//! The state of all servers, as a table or on a screen.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph};
use ratatui::{DefaultTerminal, Frame};

use crate::client::{Client, ClientError};
use crate::types::Status;

/// Time between questions to the servers.
const REFRESH: Duration = Duration::from_millis(250);

type Statuses = Vec<(String, Result<Status, ClientError>)>;

/// Prints a line for each server, or JSON.
pub(super) fn print(client: &mut Client, json: bool, out: &mut impl Write) -> io::Result<()> {
    let statuses = client.statuses();
    if json {
        let all: Vec<serde_json::Value> = statuses
            .iter()
            .map(|(server, status)| match status {
                Ok(status) => serde_json::json!({ "server": server, "status": status }),
                Err(error) => serde_json::json!({ "server": server, "error": error.to_string() }),
            })
            .collect();
        return writeln!(out, "{}", serde_json::Value::from(all));
    }
    writeln!(
        out,
        "{:<4} {:<21} {:<13} {:>6} {:>6} {:>10} {:>10} {:>10}  state",
        "", "api", "role", "term", "vote", "commit", "applied", "last"
    )?;
    for (server, status) in &statuses {
        match status {
            Ok(it) => {
                let vote = it.voted_for.map_or("-".to_string(), |id| format!("S{id}"));
                writeln!(
                    out,
                    "S{:<3} {server:<21} {:<13} {:>6} {vote:>6} {:>10} {:>10} {:>10}  {}",
                    it.id,
                    it.role,
                    it.term,
                    it.commit,
                    it.applied,
                    it.last,
                    state(it)
                )?;
            }
            Err(error) => writeln!(out, "?    {server:<21} {error}")?,
        }
    }
    Ok(())
}

fn state(status: &Status) -> &'static str {
    match (status.disk_full, status.healthy) {
        (true, _) => "disk full",
        (false, true) => "healthy",
        (false, false) => "not healthy",
    }
}

/// Shows the screen until `q`, Esc or Ctrl-C is pressed.
pub(super) fn run(client: &mut Client) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let shown = show(&mut terminal, client);
    ratatui::try_restore()?;
    shown
}

fn show(terminal: &mut DefaultTerminal, client: &mut Client) -> io::Result<()> {
    loop {
        let statuses = client.statuses();
        terminal.draw(|frame| draw(frame, &statuses))?;
        let until = Instant::now() + REFRESH;
        while event::poll(until.saturating_duration_since(Instant::now()))? {
            if let Event::Key(key) = event::read()? {
                let interrupts =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if interrupts || [KeyCode::Char('q'), KeyCode::Esc].contains(&key.code) {
                    return Ok(());
                }
            }
        }
    }
}

fn draw(frame: &mut Frame<'_>, statuses: &Statuses) {
    let [body, foot] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(frame.area());
    let columns = Layout::horizontal(statuses.iter().map(|_| Constraint::Fill(1))).split(body);
    for ((server, status), area) in statuses.iter().zip(columns.iter()) {
        let (title, colour) = match status {
            Ok(it) => {
                let colour = match (it.healthy, &*it.role) {
                    (false, _) => Color::Yellow,
                    (true, "leader") => Color::Green,
                    (true, _) => Color::Reset,
                };
                (format!(" S{} {server} ", it.id), colour)
            }
            Err(_) => (format!(" {server} "), Color::Red),
        };
        let block = Block::bordered().title(title).border_style(Style::new().fg(colour));
        let inside = block.inner(*area);
        frame.render_widget(block, *area);
        match status {
            Ok(status) => {
                let [facts, timer, log] = Layout::vertical([
                    Constraint::Length(9),
                    Constraint::Length(1),
                    Constraint::Fill(1),
                ])
                .areas(inside);
                frame.render_widget(Paragraph::new(lines(status)), facts);
                if let Some(heard) = status.heard_ms {
                    let part = heard as f64 / status.election_ms.max(1) as f64;
                    let label =
                        format!("election in {} ms", status.election_ms.saturating_sub(heard));
                    let gauge = Gauge::default().ratio(part.clamp(0.0, 1.0)).label(label);
                    frame.render_widget(gauge.gauge_style(Color::Cyan), timer);
                }
                frame.render_widget(Paragraph::new(entries(status)), log);
            }
            Err(error) => frame.render_widget(Paragraph::new(error.to_string()), inside),
        }
    }
    frame.render_widget(Line::from("q ends; entries in green are committed").dim(), foot);
}

fn lines(status: &Status) -> Vec<Line<'static>> {
    let name = |id: Option<u32>| id.map_or("none".to_string(), |id| format!("S{id}"));
    let fact = |name: &str, value: String| Line::from(format!("{name:<9}{value}"));
    vec![
        fact("role", status.role.clone()).bold(),
        fact("term", status.term.to_string()),
        fact("vote", name(status.voted_for)),
        fact("leader", name(status.leader)),
        fact("commit", status.commit.to_string()),
        fact("applied", status.applied.to_string()),
        fact("log", format!("{} to {}", status.snapshot + 1, status.last)),
        fact("waiting", status.waiting.to_string()),
        fact("state", state(status).to_string()),
    ]
}

/// The last entries of the log, the latest first.
fn entries(status: &Status) -> Vec<Line<'static>> {
    let line = |entry: &crate::types::LogEntry| {
        let text = if entry.text.is_empty() { entry.kind.clone() } else { entry.text.clone() };
        let span = Span::from(format!("{}/{} {text}", entry.index, entry.term));
        Line::from(if entry.committed { span.green() } else { span.yellow() })
    };
    status.recent.iter().rev().map(line).collect()
}
