//! The options of commands that draw a space-time diagram.

use crate::timeline::diagram::{Look, NARROWEST};

/// The options of a space-time diagram.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct DiagramArgs {
    /// Draw a space-time diagram: a column for each server, messages as arrows between them
    #[arg(long)]
    pub(super) diagram: bool,
    /// The most columns of the diagram [default: 80]
    #[arg(long, value_name = "COLUMNS", requires = "diagram", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(NARROWEST as i64..=1000))]
    width: Option<u16>,
    /// Draw the diagram with ASCII characters only
    #[arg(long, requires = "diagram")]
    ascii: bool,
}

impl DiagramArgs {
    /// The looks of the diagram.
    pub(super) fn look(self) -> Look {
        let look = Look { ascii: self.ascii, ..Look::default() };
        Look { width: self.width.map_or(look.width, usize::from), ..look }
    }
}
