//! Values as a history's file has them, of both forms, with their places.

use std::ops::Range;

/// A form and where it stands, without a tag before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) form: Form,
}

/// The content of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    Nil,
    Number(i64),
    Keyword,
    Text(String),
    /// A vector, a list or a set.
    List(Vec<Node>),
    /// Keys and values in turn.
    Map(Vec<Node>),
    /// A form that no event needs: a symbol, a character, a fraction, a number of more than 64 bits.
    Other,
}

impl Node {
    pub(super) fn number(&self) -> Option<i64> {
        match self.form {
            Form::Number(number) => Some(number),
            Form::Nil
            | Form::Keyword
            | Form::Text(_)
            | Form::List(_)
            | Form::Map(_)
            | Form::Other => None,
        }
    }

    /// The forms of a list.
    pub(super) fn list(&self) -> Option<&[Node]> {
        match &self.form {
            Form::List(nodes) => Some(nodes),
            Form::Nil
            | Form::Number(_)
            | Form::Keyword
            | Form::Text(_)
            | Form::Map(_)
            | Form::Other => None,
        }
    }

    /// The two forms of a list of two.
    pub(super) fn pair(&self) -> Option<(&Node, &Node)> {
        match self.list() {
            Some([first, second]) => Some((first, second)),
            Some(_) | None => None,
        }
    }
}
