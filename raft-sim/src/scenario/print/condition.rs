//! The words of conditions.

use std::fmt::{self, Display, Formatter};

use super::{List, OrNone, words};
use crate::scenario::syntax::{Answer, Bound, Condition, Fact, Number, RoleWord};
use crate::scenario::vocabulary::{FactWord, LabelWord, Particle, Sign};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Not(condition) => words(f, &[&Particle::Not, condition]),
            Condition::Any(conditions) => {
                for (place, condition) in conditions.iter().enumerate() {
                    if place > 0 {
                        write!(f, " {} ", Particle::Or)?;
                    }
                    condition.fmt(f)?;
                }
                Ok(())
            }
            Condition::Servers(servers, facts) => words(f, &[servers, &List(facts)]),
            Condition::ALeader => words(f, &[&Particle::A, &FactWord::Leader]),
            Condition::NoLeader => words(f, &[&Particle::No, &FactWord::Leader]),
            Condition::OnMajority(label) => {
                words(f, &[label, &LabelWord::On, &Particle::A, &Particle::Majority])
            }
            Condition::On(label, servers) => words(f, &[label, &LabelWord::On, servers]),
            Condition::Committed(label) => words(f, &[label, &LabelWord::Committed]),
            Condition::Answered(label, answer) => words(f, &[label, answer]),
            Condition::Sees(label, commands) => {
                words(f, &[label, &LabelWord::Sees, &List(commands)])
            }
            Condition::Misses(label, commands) => {
                words(f, &[label, &LabelWord::Misses, &List(commands)])
            }
            Condition::InFlight(selector) => words(f, &[&Particle::Message, selector]),
            Condition::Quiet => Particle::Quiet.fmt(f),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = match self {
            Answer::Acknowledged => LabelWord::Acknowledged,
            Answer::Refused => LabelWord::Refused,
            Answer::Failed => LabelWord::Failed,
            Answer::Pending => LabelWord::Pending,
            Answer::Unknown => LabelWord::Unknown,
            Answer::Expired => LabelWord::Expired,
        };
        word.fmt(f)
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Role(role) => role.fmt(f),
            Fact::Up => FactWord::Up.fmt(f),
            Fact::Down => FactWord::Down.fmt(f),
            Fact::Term(term) => words(f, &[&FactWord::Term, term]),
            Fact::TermAs(server) => words(f, &[&FactWord::Term, &Particle::As, server]),
            Fact::Vote(vote) => words(f, &[&FactWord::Vote, &OrNone(*vote)]),
            Fact::Log { entries, open: false } => words(f, &[&FactWord::Log, &List(entries)]),
            Fact::Log { entries, open: true } => {
                words(f, &[&FactWord::Log, &List(entries), &Sign::More])
            }
            Fact::LogAs(server) => words(f, &[&FactWord::Log, &Particle::As, server]),
            Fact::Holds(commands) => words(f, &[&FactWord::Holds, &List(commands)]),
            Fact::Lacks(commands) => words(f, &[&FactWord::Lacks, &List(commands)]),
            Fact::Commit(index) => words(f, &[&FactWord::Commit, index]),
            Fact::Committed(commands) => words(f, &[&FactWord::Committed, &List(commands)]),
            Fact::Reported => FactWord::Reported.fmt(f),
            Fact::Applied(commands) => words(f, &[&FactWord::Applied, &List(commands)]),
            Fact::Members(voters) => words(f, &[&FactWord::Members, voters]),
            Fact::Learners(learners) => words(f, &[&FactWord::Learners, learners]),
            Fact::Joint => FactWord::Joint.fmt(f),
            Fact::Snapshot(index) => words(f, &[&FactWord::Snapshot, index]),
            Fact::Unsynced => FactWord::Unsynced.fmt(f),
            Fact::Durable(index) => words(f, &[&FactWord::Durable, index]),
            Fact::Next(of, index) => words(f, &[&FactWord::Next, of, index]),
            Fact::Match(of, index) => words(f, &[&FactWord::Match, of, index]),
        }
    }
}

impl Display for RoleWord {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = match self {
            RoleWord::Follower => FactWord::Follower,
            RoleWord::Candidate => FactWord::Candidate,
            RoleWord::Leader => FactWord::Leader,
        };
        word.fmt(f)
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bound = match self.bound {
            Bound::Exactly => return self.value.fmt(f),
            Bound::AtLeast => Particle::Least,
            Bound::AtMost => Particle::Most,
        };
        words(f, &[&self.value, &Particle::At, &bound])
    }
}
