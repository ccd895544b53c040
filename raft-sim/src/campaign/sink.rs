//! Sinks: observers of a campaign.

use std::io;

use super::{Campaign, Ended, Finding, Header};
use crate::guide::Guide;

/// Observer of a campaign, called in the order of its seeds. An error ends the campaign at once: it is meant for output
/// that can't be written.
pub trait Sink {
    /// The campaign begins, or continues from its state so far.
    fn started(&mut self, _header: &Header, _campaign: &Campaign) -> io::Result<()> {
        Ok(())
    }

    /// The finding of a seed can't be shrunk because the program itself failed.
    fn not_shrunk(&mut self, _seed: u64, _why: &str) -> io::Result<()> {
        Ok(())
    }

    /// A batch of seeds has been taken in. A guided campaign passes its guide.
    fn batch(&mut self, _campaign: &Campaign, _guide: Option<&Guide>) -> io::Result<()> {
        Ok(())
    }

    /// The last batch has a finding unlike those before it.
    fn finding(&mut self, _header: &Header, _finding: &Finding) -> io::Result<()> {
        Ok(())
    }

    /// The campaign has ended.
    fn ended(&mut self, _ended: &Ended) -> io::Result<()> {
        Ok(())
    }

    /// The part of the sink that the campaign's threads call between two seeds.
    fn watch(&self) -> &dyn Watch {
        &()
    }
}

/// The part of a sink that the threads of a campaign call between two seeds, at any time and in any order.
pub trait Watch: Sync {
    /// True if the campaign is to stop. It then ends after the seeds before the first one that was not run.
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
