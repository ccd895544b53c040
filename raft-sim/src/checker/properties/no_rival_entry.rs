//! No Rival Entry (14).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Property;
use crate::checker::properties::hooks::{Boot, Checker, Context, New};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{Servers, are_quorum};
use crate::checker::record::Record;
use crate::model::{Membership, NodeId, Term};
use crate::subject::{Role, View};

/// No Rival Entry (§5.2, §5.3): entries of a term are made by its leader, and the votes of a quorum make
/// one leader. So when a quorum has voted for a candidate, no log can hold an entry of its term that it
/// did not make itself.
///
/// The configuration that the candidate had when it stood decides what a quorum is; one that it takes over from the
/// leader it lost to says nothing about its votes.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct NoRivalEntry {
    /// The last candidacy of each server, S1 first.
    candidacies: Vec<Candidacy>,
    /// The origin of the entries of each term.
    authors: BTreeMap<Term, Author>,
    /// The last term, for each server, of which it wrote an entry: its author is known.
    authored: Vec<Option<Term>>,
}

/// The votes that a candidate was sent in the last term in which it stood.
#[derive(Clone, Debug, Hash)]
struct Candidacy {
    term: Term,
    /// The configuration that it had when it stood: it counts its votes by this one.
    configuration: Arc<Membership>,
    /// The servers that voted for it.
    voters: Servers,
}

/// The origin of the entries of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Author {
    /// The server that led the term when the first of them was written.
    Leader(NodeId),
    /// No leader was seen making them.
    Unknown,
    /// They were in a log from which the run began.
    Given,
}

impl NoRivalEntry {
    /// A server shows this: in a new role or term as a candidate it stands, with the configuration in force.
    #[inline]
    fn stands(&mut self, at: &Context<'_>, after: &View) {
        if after.role != Role::Candidate {
            return;
        }
        let server = at.server;
        let moved = server.view.role != after.role || server.view.term != after.term;
        if moved && at.record.knows_in_force(at.slot, after) {
            let configured = at.record.in_force(at.slot, after);
            let configuration = server.log.configurations.nth(configured).1.clone();
            self.candidacies[at.slot] =
                Candidacy { term: after.term, configuration, voters: Servers::default() };
        }
    }

    /// A server of a trace has written its log: a leader that made an entry of it may not have said so yet.
    pub(in crate::checker) fn forget_unknown(&mut self, slot: usize) {
        self.authors.retain(|_, author| *author != Author::Unknown);
        self.authored[slot] = None;
    }
}

impl Checker for NoRivalEntry {
    fn new(record: &Record) -> NoRivalEntry {
        let candidacies = record.servers.iter().map(|server| {
            let configuration = server.log.configurations.latest().1.clone();
            Candidacy { term: Term(0), configuration, voters: Servers::default() }
        });
        NoRivalEntry {
            candidacies: candidacies.collect(),
            authors: BTreeMap::new(),
            authored: vec![None; record.servers.len()],
        }
    }

    #[inline]
    fn given(&mut self, _: &mut Context<'_>, new: &New<'_>) -> Verdict {
        if new.entry.term != new.previous.term {
            self.authors.entry(new.entry.term).or_insert(Author::Given);
        }
        Ok(())
    }

    #[inline]
    fn boots(&mut self, at: &mut Context<'_>, boot: &Boot<'_>) -> Verdict {
        self.stands(at, boot.view);
        Ok(())
    }

    #[inline]
    fn turns(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        self.stands(at, after);
        Ok(())
    }

    /// The author of a term is the server that leads it when the first entry is written.
    #[inline]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, after: &View) -> Verdict {
        let term = new.entry.term;
        if self.authored[at.slot] == Some(term) {
            return Ok(());
        }
        self.authored[at.slot] = Some(term);
        let leads = after.term == term && at.leads(after);
        let author = if leads { Author::Leader(at.id()) } else { Author::Unknown };
        self.authors.entry(term).or_insert(author);
        Ok(())
    }

    #[inline]
    fn votes(&mut self, at: &mut Context<'_>, term: Term, candidate: NodeId) -> Verdict {
        let Some(slot) = at.record.find(candidate) else {
            return Ok(());
        };
        let candidacy = &mut self.candidacies[slot];
        let before = candidacy.voters;
        // A vote of a term that the candidate has left, or one that was counted.
        if term != candidacy.term || !candidacy.voters.insert(at.id()) {
            return Ok(());
        }
        let elects = |voters| are_quorum(&candidacy.configuration, voters);
        if at.record.any_quorum || elects(before) || !elects(candidacy.voters) {
            return Ok(());
        }
        at.count(Property::NoRivalEntry);
        let whose = match self.authors.get(&term) {
            None | Some(Author::Given) => return Ok(()),
            Some(Author::Leader(author)) if *author == candidate => return Ok(()),
            Some(Author::Leader(author)) => format!("{author} made"),
            Some(Author::Unknown) => "no leader made".to_owned(),
        };
        let detail = format!(
            "a majority voted for {candidate} in term {term}, of which a log holds an entry that \
             {whose}"
        );
        violated(Property::NoRivalEntry, candidate, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::members;
    use crate::checker::testing::{History, raises, silent};
    use crate::model::LogIndex;
    use crate::subject::Role;

    #[test]
    fn no_rival_entry_of_a_term_before_its_election() {
        let mut history = History::new(3);
        history.stand(1, 1);
        // S3 never stood for term 1, and still makes an entry of it.
        silent(history.enter(3, Role::Follower, 1, None));
        silent(history.write(3, 1, &[1]));
        silent(history.enter(2, Role::Follower, 1, Some(1)));
        history.flush(2);
        let verdict = history.vote(2, 1, 1);
        raises(verdict, Property::NoRivalEntry, "voted for S1 in term 1, of which a log holds");
    }

    #[test]
    fn no_rival_entry_of_another_leader() {
        let mut history = History::new(3);
        history.stand(1, 1);
        silent(history.enter(3, Role::Candidate, 1, Some(3)));
        silent(history.lead(3));
        history.propose(3);
        silent(history.enter(2, Role::Follower, 1, Some(1)));
        history.flush(2);
        raises(history.vote(2, 1, 1), Property::NoRivalEntry, "an entry that S3 made");
    }

    #[test]
    fn no_rival_entry_own_entries_and_lower_terms_are_legal() {
        let mut history = History::new(5);
        history.elect(1, 1, &[2, 3]);
        history.propose(1);
        history.replicate(1, 4);
        history.grant(5, 1, 1);
        history.elect(4, 2, &[2, 3]);
        assert_eq!(history.exercised(Property::NoRivalEntry), 2);
    }

    /// S4 votes when it is asked, though it is no voter: that elects no leader.
    #[test]
    fn vote_from_outside_the_configuration_elects_no_leader() {
        let mut history = History::led();
        history.replicate(1, 3);
        history.stand(2, 2);
        silent(history.enter(3, Role::Candidate, 2, Some(3)));
        silent(history.lead(3));
        history.propose(3);
        history.grant(4, 2, 2);
        silent(history.enter(1, Role::Follower, 2, Some(2)));
        history.flush(1);
        raises(history.vote(1, 2, 2), Property::NoRivalEntry, "an entry that S3 made");
    }

    /// S5 lost the election to S1, and then took over a configuration in which its votes are a majority: the last
    /// of them waited for a disk.
    #[test]
    fn votes_count_in_the_configuration_of_their_election() {
        let mut history = History::new(5);
        history.stand(5, 1);
        silent(history.enter(4, Role::Follower, 1, Some(5)));
        history.flush(4);
        history.elect(1, 1, &[2, 3]);
        history.propose(1);
        for (others, next) in [([2, 3], [1, 3, 4, 5].as_slice()), ([3, 4], [1, 4, 5].as_slice())] {
            others.into_iter().for_each(|other| history.replicate(1, other));
            let last = history.at(1).log.len() as u64;
            silent(history.commit(1, last));
            silent(history.configure(1, &members(next, &[])));
        }
        silent(history.enter(5, Role::Follower, 1, Some(5)));
        history.replicate(1, 5);
        assert_eq!(history.at(5).view.configuration, LogIndex::new(3));
        silent(history.vote(4, 5, 1));
        // S1 was elected, S5 was not.
        assert_eq!(history.exercised(Property::NoRivalEntry), 1);
    }

    /// A run may begin with entries of a term that a server has still to reach.
    #[test]
    fn given_entries_are_not_rivals() {
        let given: &[(&[u64], u64, Option<u32>)] =
            &[(&[3], 3, None), (&[], 2, None), (&[], 2, None), (&[], 2, None), (&[], 2, None)];
        let mut history = History::given(given);
        history.stand(3, 3);
        history.grant(4, 3, 3);
        history.elect(1, 4, &[2, 4]);
        history.replicate(1, 2);
        // S2 wrote the given entry of term 3, as a follower of term 4: still not a rival's.
        history.grant(5, 3, 3);
        assert_eq!(history.exercised(Property::NoRivalEntry), 2);
    }
}
