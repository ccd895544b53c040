//! Rows as lines of text of a bounded width.

use super::{Diagram, Fate, Flight, Life, What, labels};
use crate::model::NodeId;
use crate::subject::Role;
use crate::time::Micros;

/// The least width of a diagram.
pub const NARROWEST: usize = 40;

/// The least room of one server, in columns.
const ROOM: usize = 7;
/// With less room than this the notes about a server are in short.
const WIDE: usize = 12;
/// The width of times in front.
const CLOCK: usize = 11;

/// The looks of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The most columns of a line, at least [`NARROWEST`]. More servers than fit into it take more.
    pub width: usize,
    /// True if only ASCII characters are drawn.
    pub ascii: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 80, ascii: false }
    }
}

impl Look {
    /// The line of a server.
    fn line(self, life: Life) -> char {
        let (drawn, ascii) = match life {
            Life::Down => (' ', ' '),
            Life::Up(Role::Follower) => ('│', '|'),
            Life::Up(Role::Candidate) => ('┊', ':'),
            Life::Up(Role::Leader) => ('┃', '#'),
        };
        if self.ascii { ascii } else { drawn }
    }

    /// The shaft of an arrow, its crossing of another server's line, and its head to the right and to the left.
    fn arrow(self, fate: Fate, copy: bool) -> [char; 4] {
        match (fate, copy, self.ascii) {
            (Fate::Arrives, false, false) => ['─', '┼', '▶', '◀'],
            (Fate::Arrives, true, false) => ['═', '╪', '▶', '◀'],
            (Fate::Lost, _, false) => ['╌', '┼', '╳', '╳'],
            (Fate::Held, _, false) => ['╌', '┼', '‖', '‖'],
            (Fate::Arrives, false, true) => ['-', '+', '>', '<'],
            (Fate::Arrives, true, true) => ['=', '+', '>', '<'],
            (Fate::Lost, _, true) => ['.', '+', 'x', 'x'],
            (Fate::Held, _, true) => ['.', '+', ']', '['],
        }
    }

    /// A text of the diagram: arrows and dots as ASCII, if that is asked for.
    fn text(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let plain = text.replace('→', "->").replace('…', "...");
        plain.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
    }

    /// The mark of numbered messages that leave.
    fn leaves(self) -> char {
        if self.ascii { '>' } else { '▸' }
    }
}

impl Diagram {
    /// The diagram as lines, from the statement in line `from` of a scenario on. `statement` has the text of such a line, by its
    /// number; times stand in front if time passed at all.
    #[must_use]
    pub fn lines(
        mut self,
        look: Look,
        from: u32,
        statement: &dyn Fn(u32) -> String,
    ) -> Vec<String> {
        let numbers = self.numbered();
        let clock = self.rows.iter().any(|row| row.time > 0);
        let margin = if clock { CLOCK } else { 2 };
        let width = look.width.max(NARROWEST);
        let room = (width.saturating_sub(margin) / self.servers.max(1)).max(ROOM);
        let mut pen = Pen {
            look,
            margin,
            room,
            width: width.max(margin + room * self.servers),
            lives: vec![Life::Up(Role::Follower); self.servers],
            numbers,
            time: None,
            clock,
            lines: Vec::new(),
        };
        pen.heading();
        let mut before = true;
        for row in &self.rows {
            if let What::Statement(line) = row.what
                && before
                && line >= from
            {
                before = false;
                pen.lines.truncate(1);
            }
            match &row.what {
                What::Statement(line) => pen.statement(*line, &statement(*line)),
                What::Across(text) => pen.across(row.time, text),
                What::Quiet(count) => {
                    let what =
                        if *count == 1 { "heartbeat or reply" } else { "heartbeats and replies" };
                    pen.across(row.time, &format!("… {count} {what}"));
                }
                What::Arrow { message, fate } => {
                    pen.arrow(row.time, *message, &self.messages[*message], *fate);
                }
                What::Server { server, notes, life, departs } => {
                    pen.server(row.time, *server, notes, *life, departs);
                }
            }
        }
        pen.heading();
        pen.lines
    }
}

/// Draws one line after the other.
struct Pen {
    look: Look,
    margin: usize,
    room: usize,
    width: usize,
    /// The state that the line of each server shows now.
    lives: Vec<Life>,
    /// The numbers that messages have in the diagram.
    numbers: Vec<Option<usize>>,
    /// The time in front of the last line that had one.
    time: Option<Micros>,
    clock: bool,
    lines: Vec<String>,
}

impl Pen {
    /// The column of a server's line.
    fn column(&self, server: NodeId) -> usize {
        self.margin + self.room * (server.0 as usize - 1)
    }

    /// A line with its time, if that is another than before, and the lines of all servers.
    fn canvas(&mut self, time: Micros) -> Vec<char> {
        let mut canvas = vec![' '; self.width];
        if self.clock && self.time != Some(time) {
            self.time = Some(time);
            let text = format!("{:>6}.{:03}", time / 1_000, time % 1_000);
            put(&mut canvas, 0, &text);
        }
        for (server, life) in (1..).map(NodeId).zip(&self.lives) {
            canvas[self.column(server)] = self.look.line(*life);
        }
        canvas
    }

    fn finish(&mut self, canvas: Vec<char>) {
        let line: String = canvas.into_iter().collect();
        self.lines.push(line.trim_end().to_owned());
    }

    fn heading(&mut self) {
        let mut canvas = vec![' '; self.width];
        if self.clock {
            put(&mut canvas, 7, "ms");
        }
        for server in (1..=self.lives.len() as u32).map(NodeId) {
            put(&mut canvas, self.column(server), &server.to_string());
        }
        self.finish(canvas);
    }

    fn statement(&mut self, line: u32, text: &str) {
        let text = self.look.text(&format!("{line:>4}  {text}"));
        for part in wrapped(&text, self.width) {
            self.lines.push(part);
        }
    }

    fn across(&mut self, time: Micros, text: &str) {
        let text = self.look.text(text);
        let room = self.width - self.margin - 4;
        for part in wrapped(&text, room) {
            let mut canvas = self.canvas(time);
            let at = self.margin + 2;
            put(&mut canvas, at, &format!(" {part} "));
            self.finish(canvas);
        }
    }

    fn arrow(&mut self, time: Micros, number: usize, flight: &Flight, fate: Fate) {
        let Flight { content, copy, .. } = flight;
        let (from, to) = (self.column(content.from), self.column(content.to));
        let [shaft, crossing, right, left] = self.look.arrow(fate, *copy);
        let mut canvas = self.canvas(time);
        let (low, high) = (from.min(to), from.max(to));
        for (place, drawn) in canvas.iter_mut().enumerate().take(high).skip(low + 1) {
            *drawn = if *drawn == ' ' || !(place - self.margin).is_multiple_of(self.room) {
                shaft
            } else {
                crossing
            };
        }
        let tag = self.numbers[number].map_or_else(String::new, |number| format!("{number} "));
        // The head, and a bit of the shaft on both sides.
        let room = (high - low).saturating_sub(4);
        let texts = labels::message(content).map(|text| self.look.text(&format!("{tag}{text}")));
        let tag = tag.trim_end().to_owned();
        let fits = |text: &&String| text.chars().count() <= room;
        let text = texts.iter().chain([&tag]).find(fits).cloned().unwrap_or_default();
        let start = low + 2 + (room - text.chars().count().min(room)) / 2;
        put(&mut canvas, start, &text);
        let head = if from < to { high - 1 } else { low + 1 };
        canvas[head] = if from < to { right } else { left };
        self.finish(canvas);
    }

    fn server(
        &mut self,
        time: Micros,
        server: NodeId,
        notes: &[String],
        life: Option<Life>,
        departs: &[usize],
    ) {
        if let Some(life) = life {
            self.lives[server.0 as usize - 1] = life;
        }
        let left: Vec<usize> = departs.iter().filter_map(|it| self.numbers[*it]).collect();
        let mut texts: Vec<String> = notes.iter().map(|note| self.look.text(note)).collect();
        texts.extend(runs(&left).into_iter().map(|run| format!("{}{run}", self.look.leaves())));
        let at = self.column(server) + 2;
        let narrow = self.room < WIDE;
        let room = self.room - if narrow { 2 } else { 3 };
        if narrow {
            texts = texts.iter().map(|text| labels::in_short(text)).collect();
        }
        for part in packed(&texts, room) {
            let mut canvas = self.canvas(time);
            put(&mut canvas, at, &part);
            self.finish(canvas);
        }
    }
}

/// Puts a text into a line, as far as there is room.
fn put(canvas: &mut [char], at: usize, text: &str) {
    for (place, drawn) in canvas.iter_mut().skip(at).zip(text.chars()) {
        *place = drawn;
    }
}

/// Numbers in short: `3`, `5-7`.
fn runs(numbers: &[usize]) -> Vec<String> {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    runs.map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    })
    .collect()
}

/// Texts behind each other, with a comma between two, in lines of at most `room` columns.
fn packed(texts: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + text.chars().count() <= room => {
                line.push_str(", ");
                line.push_str(text);
            }
            Some(_) | None => lines.extend(wrapped(text, room)),
        }
    }
    lines
}

/// A text in lines of at most `room` columns: broken between words, or within one that is too long.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let indent = text.len() - text.trim_start().len();
    let mut lines = vec![" ".repeat(indent)];
    for word in text.trim_start().split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let last = lines.len() - 1;
            let used = lines[last].chars().count();
            let gap = usize::from(used > 0 && !lines[last].ends_with(' '));
            if used + gap + word.len() <= room {
                lines[last].extend(std::iter::repeat_n(' ', gap));
                lines[last].extend(word);
                break;
            }
            if used > 0 && !lines[last].trim().is_empty() {
                lines.push(String::new());
            } else {
                let rest = word.split_off(room.saturating_sub(used).max(1).min(word.len()));
                lines[last].extend(word);
                word = rest;
                lines.push(String::new());
            }
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}
