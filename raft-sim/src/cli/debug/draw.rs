//! What the debugger shows.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::app::{App, KEYS, Mode};
use super::logs::{cells, of_term};
use crate::session::{Flight, ServerState, State};
use crate::subject::Role;
use crate::time::milliseconds;

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const CHANGED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws everything.
pub(super) fn draw(app: &mut App<'_>, frame: &mut Frame<'_>) {
    let (Some(state), before) = (app.state(), app.before()) else { return };
    let rows = servers(&state, before.as_ref(), app.brief, frame.area().width as usize);
    let [head, middle, happened, flying, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(rows.len() as u16 + 2),
        Constraint::Min(6),
        Constraint::Min(4),
        Constraint::Length(2),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(heading(app, &state)), head);
    frame.render_widget(Paragraph::new(rows).block(Block::bordered().title(" servers ")), middle);
    let (action, lines) = app.happened();
    let lines = [Line::styled(action, BOLD)].into_iter().chain(lines.into_iter().map(Line::raw));
    let text = Paragraph::new(lines.collect::<Vec<_>>()).wrap(Wrap { trim: false });
    frame.render_widget(text.block(Block::bordered().title(" this step ")), happened);
    let title = format!(" in flight: {} ", state.flights.len());
    let lines: Vec<Line<'_>> = state.flights.iter().skip(app.scrolled).map(flight).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(title)), flying);
    frame.render_widget(Paragraph::new(footing(app)), foot);
    match &app.mode {
        Mode::Steps | Mode::Save(_) => {}
        Mode::Help => help(frame),
        Mode::Choices { filter, chosen, .. } => list(app, filter, *chosen, frame),
    }
}

/// The run, the branch and the step; the verdict.
fn heading(app: &App<'_>, state: &State) -> Vec<Line<'static>> {
    let Some(summary) = app.summary() else { return Vec::new() };
    let from = match (summary.parent, summary.forked) {
        (Some(parent), Some(step)) => format!(" from {parent} at {step}"),
        (_, _) => String::new(),
    };
    let place = format!(
        "{}   branch {}{from} of {}   step {} of {}   {}",
        app.name,
        app.branch,
        app.branches(),
        state.step,
        summary.steps,
        milliseconds(state.time)
    );
    let colour = if summary.held { Color::Green } else { Color::Red };
    vec![Line::styled(place, BOLD), Line::styled(summary.verdict, Style::new().fg(colour))]
}

/// Two lines for each server: its state, and its log.
fn servers(state: &State, before: Option<&State>, brief: bool, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (place, server) in state.servers.iter().enumerate() {
        let before = before.and_then(|before| before.servers.get(place));
        let same = before.is_some_and(|before| before == server);
        lines.push(line_of(server, before));
        if !(brief && same) {
            let mut log = vec![Span::raw("      ")];
            log.extend(cells(server, before, width.saturating_sub(9)));
            lines.push(Line::from(log));
        }
    }
    lines
}

fn line_of(server: &ServerState, before: Option<&ServerState>) -> Line<'static> {
    let mut spans = vec![Span::styled(format!(" {:<4} ", server.server.to_string()), BOLD)];
    let mut part = |text: String, changed: bool, style: Style| {
        spans.push(Span::styled(text, if changed { style.patch(CHANGED) } else { style }));
        spans.push(Span::raw("  "));
    };
    let changed = |of: fn(&ServerState) -> u64| before.is_some_and(|it| of(it) != of(server));
    let role = match (server.up, server.role) {
        (false, _) => "down",
        (true, Role::Follower) => "follower",
        (true, Role::Candidate) => "candidate",
        (true, Role::Leader) => "LEADER",
    };
    let other = before.is_some_and(|it| (it.up, it.role) != (server.up, server.role));
    let style = if server.up { Style::new() } else { DIM };
    part(
        format!("{role:<9}"),
        other,
        style.patch(if server.role == Role::Leader { BOLD } else { style }),
    );
    part(format!("term {}", server.term), changed(|it| it.term), of_term(server.term));
    let vote = server.vote.map_or_else(|| "none".to_owned(), |vote| vote.to_string());
    part(format!("vote {vote:<4}"), before.is_some_and(|it| it.vote != server.vote), style);
    part(format!("commit {}", server.commit), changed(|it| it.commit), style);
    part(format!("applied {}", server.applied), changed(|it| it.applied), style);
    part(format!("durable {}", server.durable), changed(|it| it.durable), style);
    if server.unsynced > 0 {
        part(format!("{} unsynced", server.unsynced), changed(|it| it.unsynced as u64), style);
    }
    if server.paused {
        part("paused".to_owned(), before.is_some_and(|it| !it.paused), style);
    }
    let indices = |of: &std::collections::BTreeMap<crate::model::NodeId, u64>| {
        let texts: Vec<String> =
            of.iter().map(|(server, index)| format!("{server}:{index}")).collect();
        texts.join(" ")
    };
    if !server.next.is_empty() {
        let other = before.is_some_and(|it| it.next != server.next);
        part(format!("next {}", indices(&server.next)), other, style);
    }
    if !server.matched.is_empty() {
        let other = before.is_some_and(|it| it.matched != server.matched);
        part(format!("match {}", indices(&server.matched)), other, style);
    }
    Line::from(spans)
}

fn flight(flight: &Flight) -> Line<'static> {
    let fate = match (flight.held, flight.cut) {
        (true, _) => "held  ",
        (false, true) => "cut   ",
        (false, false) => "      ",
    };
    let style = if flight.held || flight.cut { DIM } else { Style::new() };
    Line::styled(format!("{fate}{}", flight.text), style)
}

fn footing(app: &App<'_>) -> Vec<Line<'static>> {
    let asked = match &app.mode {
        Mode::Save(name) => format!("save as: {name}_   Enter saves, Esc does not"),
        Mode::Steps | Mode::Choices { .. } | Mode::Help if app.digits.is_empty() => {
            "← → steps   n p changes   Enter actions   Tab branches   c chance   s save   ? keys   q leave".to_owned()
        }
        Mode::Steps | Mode::Choices { .. } | Mode::Help => format!("step {}_   g goes there", app.digits),
    };
    vec![Line::raw(app.said.clone()), Line::styled(asked, DIM)]
}

/// The middle of the screen, for a window of this size.
fn window(frame: &mut Frame<'_>, width: u16, height: u16) -> Rect {
    let area = frame.area();
    let (width, height) = (width.min(area.width), height.min(area.height));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    place
}

fn help(frame: &mut Frame<'_>) {
    let place = window(frame, 100, KEYS.len() as u16 + 2);
    let row = |(key, what): &(&str, &str)| {
        Line::from(vec![Span::styled(format!(" {key:<16}"), BOLD), Span::raw((*what).to_owned())])
    };
    let rows: Vec<Line<'_>> = KEYS.iter().map(row).collect();
    frame.render_widget(Paragraph::new(rows).block(Block::bordered().title(" keys ")), place);
}

fn list(app: &App<'_>, filter: &str, chosen: usize, frame: &mut Frame<'_>) {
    let listed = app.listed();
    let place = window(frame, 100, listed.len() as u16 + 2);
    let room = place.height.saturating_sub(2) as usize;
    let first = (chosen + 1).saturating_sub(room);
    let row = |(place, choice): (usize, &&crate::session::Choice)| {
        Line::styled(
            format!(" {}", choice.text),
            if place == chosen { CHANGED } else { Style::new() },
        )
    };
    let rows: Vec<Line<'_>> = listed.iter().enumerate().skip(first).take(room).map(row).collect();
    let ends = if app.goes_on() { "" } else { "; the scenario ends there" };
    let title = format!(" what can be done{ends}: {}_ ", filter);
    frame.render_widget(Paragraph::new(rows).block(Block::bordered().title(title)), place);
}
