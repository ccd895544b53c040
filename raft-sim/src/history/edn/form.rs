//! EDN as text: the forms that a history needs, with their places.

use super::super::node::{Form, Node};
use super::super::read::Wrong;

/// The deepest nesting of forms. No history has more.
const DEEPEST: usize = 100;

/// A form that has begun.
struct Open {
    start: usize,
    close: char,
    is_map: bool,
    nodes: Vec<Node>,
    /// The number of following forms to skip.
    discard: usize,
}

/// Reads forms one after the other.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The closing bracket around all forms, if there is one and it has not come yet.
    around: Option<char>,
}

impl<'t> Reader<'t> {
    /// Begins behind the opening bracket around all forms, if there is one.
    pub(super) fn new(text: &'t str) -> Reader<'t> {
        let mut reader = Reader { text, at: 0, around: None };
        reader.skip();
        reader.around = match reader.peek() {
            Some('[') => Some(']'),
            Some('(') => Some(')'),
            _ => None,
        };
        reader.at += usize::from(reader.around.is_some());
        reader
    }

    /// The next form; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Node>, Wrong> {
        let mut stack = vec![];
        let mut discard = 0;
        loop {
            self.skip();
            let start = self.at;
            let Some(first) = self.peek() else {
                return if stack.is_empty() && discard == 0 && self.around.is_none() {
                    Ok(None)
                } else {
                    Err(Wrong::new(start..start, "the text ends in the middle of a history"))
                };
            };
            let rest = &self.text[start..];
            let node = match first {
                '(' | '[' | '{' => {
                    self.open(&mut stack, first, 1)?;
                    continue;
                }
                '#' if rest.starts_with("#{") => {
                    self.open(&mut stack, '#', 2)?;
                    continue;
                }
                '#' if rest.starts_with("#_") => {
                    self.at += 2;
                    *stack.last_mut().map_or(&mut discard, |open: &mut Open| &mut open.discard) +=
                        1;
                    continue;
                }
                '#' => {
                    // A tag. Only the form behind it counts.
                    self.at += 1;
                    self.word();
                    continue;
                }
                ')' | ']' | '}' => match stack.pop() {
                    Some(open) if open.close == first => {
                        self.at += 1;
                        open.close(self.at)?
                    }
                    None if self.around == Some(first) && discard == 0 => {
                        return self.end();
                    }
                    Some(_) | None => {
                        let message = format!("`{first}` closes what was not opened");
                        return Err(Wrong::new(start..start + 1, message));
                    }
                },
                '"' => self.string()?,
                '\\' => {
                    self.at += rest.chars().take(2).map(char::len_utf8).sum::<usize>();
                    self.word();
                    Node { span: start..self.at, form: Form::Other }
                }
                _ => self.atom(),
            };
            let passed_over = stack.last_mut().map_or(&mut discard, |open| &mut open.discard);
            if *passed_over > 0 {
                *passed_over -= 1;
            } else if let Some(open) = stack.last_mut() {
                open.nodes.push(node);
            } else {
                return Ok(Some(node));
            }
        }
    }

    fn open(&mut self, stack: &mut Vec<Open>, first: char, length: usize) -> Result<(), Wrong> {
        let start = self.at;
        if stack.len() == DEEPEST {
            return Err(Wrong::new(start..start + 1, "brackets within brackets, too deep"));
        }
        let close = match first {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        self.at += length;
        stack.push(Open { start, close, nodes: Vec::new(), discard: 0, is_map: first == '{' });
        Ok(())
    }

    /// Skips the closing bracket around all forms. Nothing may follow it.
    fn end(&mut self) -> Result<Option<Node>, Wrong> {
        self.around = None;
        self.at += 1;
        self.skip();
        match self.peek() {
            None => Ok(None),
            Some(_) => Err(Wrong::new(self.at..self.at, "the history has ended before this")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Skips white space, commas included, and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let after = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            self.at += rest.len() - after.len();
            if !after.starts_with(';') {
                return;
            }
            self.at += after.find('\n').unwrap_or(after.len());
        }
    }

    /// Skips the characters of a word.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_whitespace() || ",()[]{}\";".contains(c);
        self.at += rest.find(ends).unwrap_or(rest.len());
    }

    fn atom(&mut self) -> Node {
        let start = self.at;
        self.word();
        let word = &self.text[start..self.at];
        let number = word.strip_suffix('N').unwrap_or(word).parse();
        let form = match number {
            Ok(number) => Form::Number(number),
            Err(_) if word == "nil" => Form::Nil,
            Err(_) if word.starts_with(':') => Form::Keyword,
            Err(_) => Form::Other,
        };
        Node { span: start..self.at, form }
    }

    fn string(&mut self) -> Result<Node, Wrong> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.text[start + 1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = start + 1 + at + 1;
                    return Ok(Node { span: start..self.at, form: Form::Text(text) });
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other)) => text.push(other),
                    None => {}
                },
                other => text.push(other),
            }
        }
        Err(Wrong::new(start..self.text.len(), "a text without its closing quote"))
    }
}

impl Open {
    fn close(self, end: usize) -> Result<Node, Wrong> {
        let span = self.start..end;
        if !self.is_map {
            return Ok(Node { span, form: Form::List(self.nodes) });
        }
        if self.nodes.len() % 2 == 1 {
            return Err(Wrong::new(span, "a map in which a key has no value"));
        }
        Ok(Node { span, form: Form::Map(self.nodes) })
    }
}
