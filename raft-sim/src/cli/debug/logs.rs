//! Logs as lines of cells, as the paper's figures draw them.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::session::{Cell, ServerState};

/// The colours of terms, in turns; they differ in brightness, too.
const TERMS: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Magenta, Color::Green, Color::LightBlue, Color::LightRed];

/// The style of a term.
pub(super) fn of_term(term: u64) -> Style {
    Style::new().fg(TERMS[(term % TERMS.len() as u64) as usize])
}

/// The log of a server in at most `width` columns: its last entries, `│` behind the last that is committed, `~` before what is
/// not on the disk, and the first entry that differs from the state before underlined.
pub(super) fn cells(
    server: &ServerState,
    before: Option<&ServerState>,
    width: usize,
) -> Vec<Span<'static>> {
    let differs = before.and_then(|before| first_difference(&before.log, &server.log));
    let base = server.snapshot.map(|last| format!("[..{last}]"));
    let mut texts: Vec<(String, Style)> = Vec::new();
    for cell in &server.log {
        let durable = cell.index <= server.durable;
        let mut style = of_term(cell.term);
        if cell.index <= server.commit {
            style = style.add_modifier(Modifier::BOLD);
        }
        if !durable {
            style = style.add_modifier(Modifier::DIM | Modifier::ITALIC);
        }
        if differs == Some(cell.index) {
            style = style.add_modifier(Modifier::UNDERLINED | Modifier::REVERSED);
        }
        let volatile = if durable { "" } else { "~" };
        texts.push((format!("{volatile}{}", cell.text), style));
        if cell.index == server.commit {
            texts.push(("│".to_owned(), Style::new().add_modifier(Modifier::BOLD)));
        }
    }
    let mut left = width.saturating_sub(base.as_ref().map_or(0, |base| base.chars().count() + 1));
    let mut shown = Vec::new();
    let count = texts.len();
    for (text, style) in texts.into_iter().rev() {
        let needs = text.chars().count() + 1;
        // Room for the dots before them.
        if needs + 2 > left && shown.len() < count {
            shown.push(Span::raw("… "));
            break;
        }
        left = left.saturating_sub(needs);
        shown.push(Span::styled(format!("{text} "), style));
    }
    shown.extend(
        base.map(|base| Span::styled(format!("{base} "), Style::new().add_modifier(Modifier::DIM))),
    );
    shown.reverse();
    if count == 0 && server.snapshot.is_none() {
        shown.push(Span::raw("empty"));
    }
    shown
}

/// The first index at which a log is another than before.
fn first_difference(before: &[Cell], now: &[Cell]) -> Option<u64> {
    let known = |cell: &&Cell| before.iter().any(|other| other == *cell);
    now.iter().find(|cell| !known(cell)).map(|cell| cell.index)
}
