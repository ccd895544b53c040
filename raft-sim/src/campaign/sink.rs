//! Sinks: observers of a campaign; and the watch, which ends it.

use std::io;

use super::{Campaign, Ended, Finding, Header};
use crate::guide::Guide;
use crate::shrink::Patience;

/// Observer of a campaign, called in the order of its seeds. An error ends the campaign at once: it is meant for output
/// that can't be written.
pub trait Sink {
    /// The campaign begins, or continues from its state so far.
    fn started(&mut self, _header: &Header, _campaign: &Campaign) -> io::Result<()> {
        Ok(())
    }

    /// A second has passed without news: seeds are run, or findings are shrunk.
    fn waiting(&mut self, _campaign: &Campaign) -> io::Result<()> {
        Ok(())
    }

    /// A batch of seeds has been taken in; their findings are not shrunk yet. A guided campaign passes its guide.
    fn batch(&mut self, _campaign: &Campaign, _guide: Option<&Guide>) -> io::Result<()> {
        Ok(())
    }

    /// The last batch has a finding with a symptom unlike those before it. It is shrunk next.
    fn finding(&mut self, _header: &Header, _finding: &Finding) -> io::Result<()> {
        Ok(())
    }

    /// The findings of one symptom have been shrunk, as far as they are to be; this is the one to show.
    fn shrunk(
        &mut self,
        _header: &Header,
        _campaign: &Campaign,
        _shown: &Finding,
    ) -> io::Result<()> {
        Ok(())
    }

    /// The campaign has ended.
    fn ended(&mut self, _ended: &Ended) -> io::Result<()> {
        Ok(())
    }
}

/// Something that the threads of a campaign call at any time and in any order, and that may end the campaign.
pub trait Watch: Sync {
    /// True if the campaign is to stop. A seed that is being run then counts as not run; the campaign ends after the seeds
    /// before the first one that was not run.
    fn stop(&self) -> bool {
        false
    }

    /// One more seed has been run.
    fn seed_done(&self) {}

    /// The patience with one finding, which is shrunk from now on.
    fn patience(&self) -> Box<dyn Patience + '_> {
        Box::new(())
    }
}

/// Never stops.
impl Watch for () {}

/// Ignores everything.
impl Sink for () {}
