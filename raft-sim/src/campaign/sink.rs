//! Sinks: receivers of a campaign's news.

use std::io;

use super::{Campaign, Ended, Finding, Header};
use crate::guide::Guide;

/// Receiver of a campaign's news, in the order of its seeds. An error ends the campaign at once: it is meant for output
/// that can't be written.
pub trait Sink {
    /// The campaign begins, or goes on from what it has come to so far.
    fn started(&mut self, _header: &Header, _campaign: &Campaign) -> io::Result<()> {
        Ok(())
    }

    /// The finding of a seed can't be shrunk, since the program itself failed at it.
    fn not_shrunk(&mut self, _seed: u64, _why: &str) -> io::Result<()> {
        Ok(())
    }

    /// A batch of seeds has been taken in. A guided campaign tells what its guide knows by now.
    fn batch(&mut self, _campaign: &Campaign, _guide: Option<&Guide>) -> io::Result<()> {
        Ok(())
    }

    /// A finding of the batch that was taken in last; there was none like it before.
    fn finding(&mut self, _header: &Header, _finding: &Finding) -> io::Result<()> {
        Ok(())
    }

    /// The campaign has ended.
    fn ended(&mut self, _ended: &Ended) -> io::Result<()> {
        Ok(())
    }

    /// The sink's part that the campaign's threads talk to between two seeds.
    fn watch(&self) -> &dyn Watch {
        &()
    }
}

/// The part of a sink that the threads of a campaign talk to between two seeds, at any time and in any order.
pub trait Watch: Sync {
    /// Asks whether to stop here. The campaign then ends after the seeds before the first one that was not run.
    fn stop(&self) -> bool {
        false
    }

    /// One more seed has been run.
    fn seed_done(&self) {}
}

/// Never stops.
impl Watch for () {}

/// Ignores everything.
impl Sink for () {}
