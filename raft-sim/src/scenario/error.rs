//! Errors in a scenario's text: their place, and what was expected instead.

use std::fmt;
use std::ops::Range;

#[cfg(feature = "cli")]
use annotate_snippets::renderer::DecorStyle;
#[cfg(feature = "cli")]
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::source::{Place, Source};

/// The first error of a scenario file. Displayed in one line: `file:line:column: message; help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name of the source.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, counted in characters.
    pub column: usize,
    /// The bytes of the source in question; empty where something is missing.
    pub span: Range<usize>,
    /// The mistake.
    pub message: String,
    /// The expectation, or what may have been meant: `expected a server`, ``did you mean `settle`?``.
    pub help: Option<String>,
}

impl ParseError {
    /// An error at a place of a source.
    #[must_use]
    pub fn new(source: &Source, place: &Place, message: impl Into<String>) -> ParseError {
        ParseError {
            file: source.name().to_owned(),
            line: place.line,
            column: place.column,
            span: place.span.clone(),
            message: message.into(),
            help: None,
        }
    }

    /// The same error with this help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> ParseError {
        self.help = Some(help.into());
        self
    }

    /// The error drawn below its line of the source, several lines of text, with or without colour.
    /// The source must be the one that was parsed; of another one a wrong line may be shown.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn render(&self, source: &Source, color: bool) -> String {
        let text = source.text();
        let before = text.get(..self.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let [from, to] = [self.span.start, self.span.end]
            .map(|byte| line.floor_char_boundary(byte.saturating_sub(line_start)));
        let annotation =
            AnnotationKind::Primary.span(from..to.max(from)).label(self.help.as_deref());
        let snippet = Snippet::source(line)
            .line_start(usize::try_from(self.line).unwrap_or(usize::MAX))
            .path(self.file.as_str())
            .annotation(annotation);
        let report = &[Level::ERROR.primary_title(self.message.as_str()).element(snippet)];
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(report)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn rendered(text: &str) -> String {
        let source = Source::new("5.2/t.raft", text);
        parse(&source).expect_err("it does not parse").render(&source, false)
    }

    #[test]
    fn an_error_is_drawn_below_its_line() {
        let text = "scenario t\npaper §5.2\nservers S1 S2\r\n\ndelver § S1 -> S2\r\nsettle\n";
        assert_eq!(
            rendered(text),
            "\
error: unknown header line or command `delver`
 --> 5.2/t.raft:5:1
  |
5 | delver § S1 -> S2
  | ^^^^^^ did you mean `deliver`?"
        );
    }

    #[test]
    fn what_is_missing_is_shown_behind_the_last_word() {
        let text = "scenario t\npaper §5.2\nservers S1 S2\nelect   # which?";
        assert_eq!(
            rendered(text),
            "\
error: the line ends too early
 --> 5.2/t.raft:4:6
  |
4 | elect   # which?
  |      ^ expected a server"
        );
    }

    #[test]
    fn colour_changes_nothing_but_the_colour() {
        let source = Source::new("t.raft", "§\u{1b}[31m");
        let error = parse(&source).expect_err("it does not parse");
        let plain = error.render(&source, false);
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        assert!(error.render(&source, true).contains('\u{1b}'));
    }

    #[test]
    fn any_place_of_any_text_can_be_drawn() {
        let texts = ["", "\n", "\r", "§\t\u{301}x\r\n\ry", "\u{feff}é\0", "a\n\u{2028}"];
        for text in texts {
            let source = Source::new("t.raft", text);
            for (start, end) in (0..9).flat_map(|start| (0..9).map(move |end| (start, end))) {
                let place = Place { line: u32::MAX, column: 1, span: start..end };
                let drawn = ParseError::new(&source, &place, "no").render(&source, false);
                assert!(drawn.starts_with("error: no"), "{drawn}");
            }
        }
    }

    #[test]
    fn a_long_line_can_be_drawn() {
        for filler in [" ", "\t", "\u{a0}", "x", "字", "\u{301}", "e\u{301} ", "\0"] {
            for (before, behind) in (0..300).step_by(23).map(|before| (before, 300 - before)) {
                let text = filler.repeat(before) + "字q" + &filler.repeat(behind) + "y\n";
                let source = Source::new("t.raft", &text);
                for word in source.lines().flat_map(|line| line.words) {
                    let error = ParseError::new(&source, &word.place, "no").with_help("help");
                    assert!(error.render(&source, false).starts_with("error: no"), "{text:?}");
                }
            }
        }
    }
}
