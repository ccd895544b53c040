//! Servers that stand for election, or ask first whether they could win it (Figure 2, diss. §9.6).

use super::standing::{Answer, Incoming, LogChange, bit};
use super::timer::Draws;
use super::voting::{is_quorum, last, may_stand, voters};
use super::watch::{Asking, Judged, Watch};
use crate::checker::properties::Property;
use crate::checker::server::Server;
use crate::model::{Body, Message};
use crate::subject::{Effects, Role, Settings};

impl Watch {
    /// A candidate receives a vote of its term: with those of a majority, it leads.
    pub(super) fn voted_for(&self, server: &Server, answer: &mut Answer, voter: u64) {
        answer.vote = voter;
        if is_quorum(server, self.votes | voter) {
            answer.standing.role = Role::Leader;
            answer.standing.leader = Some(server.id);
            answer.log = LogChange::Any;
        }
    }

    /// A server would vote for this one: if it asked, and a majority would, it stands. False if it is not clear
    /// whether it asked.
    pub(super) fn supported(&self, server: &Server, answer: &mut Answer, supporter: u64) -> bool {
        match self.asking {
            Asking::No => true,
            Asking::Unclear => false,
            Asking::Yes(supporters) => {
                answer.supporter = supporter;
                if is_quorum(server, supporters | supporter) {
                    answer.stands(server.id);
                }
                true
            }
        }
    }

    /// A server has begun an election: its timer starts anew, it no longer believes in a leader, and it sends
    /// RequestVote to all other voters. Its own vote counts once it is durable.
    pub(super) fn stands(
        &mut self,
        server: &Server,
        transfer: bool,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        self.timer.restart(effects.view.term);
        self.timer.believe(0);
        self.votes = 0;
        self.asking = Asking::No;
        self.asks(server, &Body::RequestVote { last: last(server), transfer }, effects)?;
        let body = Body::RequestVoteReply { granted: true };
        let own = Message::new(server.id, server.id, effects.view.term, body);
        match self.unsynced.back() {
            Some((newest, _)) => self.pending.push_back((*newest, own)),
            None => self.votes = bit(server.id),
        }
        Ok(())
    }

    /// A server asks for pre-votes: its timer starts anew, and it sends PreVote to all other voters.
    pub(super) fn begins_to_ask(
        &mut self,
        server: &Server,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        self.timer.restart(effects.view.term);
        self.asking = Asking::Yes(bit(server.id));
        self.asks(server, &Body::PreVote { last: last(server) }, effects)
    }

    fn asks(
        &mut self,
        server: &Server,
        body: &Body,
        effects: &Effects,
    ) -> Result<(), (Property, String)> {
        for to in voters(server.log.configurations.latest().1) {
            if to != server.id && !self.oblige(server.id, to, body, effects) {
                return Err((
                    Property::Voting,
                    format!("is due to ask for votes, and does not send {body:?} to {to}"),
                ));
            }
        }
        Ok(())
    }

    /// A tick has passed: a server that receives nothing from a leader and gives no vote stands, or asks for
    /// pre-votes, when its timeout elapses.
    #[inline]
    pub(super) fn check_tick(
        &mut self,
        draws: &mut Draws,
        server: &Server,
        settings: &Settings,
        effects: &Effects,
    ) -> Judged {
        let (before, after) = (self.before, &effects.view);
        if before.role == Role::Leader {
            return Ok(None);
        }
        self.timer.tick();
        let elapsed = self.timer.elapsed;
        let stood = after.role == Role::Candidate && after.term != before.term;
        let pre_votes =
            || effects.sends.iter().any(|sent| matches!(sent.body, Body::PreVote { .. }));
        let asked =
            !stood && (before.role != after.role || before.leader != after.leader || pre_votes());
        if !stood && (before.term, before.voted_for) != (after.term, after.voted_for) {
            let now = after.term;
            return Err((Property::ElectionTimer, format!("is in term {now}, and does not stand")));
        }
        let (shortest, longest) = settings.election_timeout;
        if stood || asked {
            return self.check_begun(draws, server, settings, effects);
        }
        if elapsed.is_some_and(|elapsed| elapsed < shortest) || !may_stand(server) {
            return Ok(None);
        }
        // A server that asks may do so behind a write, and then it can't be seen yet.
        let hidden = settings.pre_vote
            && !self.unsynced.is_empty()
            && before.role == Role::Follower
            && before.leader.is_none();
        match elapsed {
            Some(elapsed) if elapsed >= longest && hidden => {
                self.begins_to_ask(server, effects)?;
            }
            Some(elapsed) if elapsed >= longest => {
                let detail = format!(
                    "received nothing from a leader and gave no vote for {elapsed} ticks, and does not stand; its longest election timeout is {longest}"
                );
                return Err((Property::ElectionTimer, detail));
            }
            Some(_) | None if hidden => {
                self.timer.elapsed = None;
                self.asking = Asking::Unclear;
                self.incoming = Incoming::Unclear;
            }
            Some(elapsed) => draws.passed(server.id, self.timer.started_in, elapsed - shortest),
            None => {}
        }
        Ok(None)
    }

    /// Checks that a server that begins an election or a pre-vote was due to do so.
    fn check_begun(
        &mut self,
        draws: &mut Draws,
        server: &Server,
        settings: &Settings,
        effects: &Effects,
    ) -> Judged {
        let timer = |detail| Err((Property::ElectionTimer, detail));
        let stood = effects.view.role == Role::Candidate && effects.view.term != self.before.term;
        let verb = if stood { "stands" } else { "asks for pre-votes" };
        let (shortest, longest) = settings.election_timeout;
        if !may_stand(server) {
            return timer(format!("{verb}, and is no voter"));
        }
        if let Some(elapsed) = self.timer.elapsed {
            if elapsed < shortest {
                return timer(format!(
                    "{verb} after {elapsed} ticks; its shortest election timeout is {shortest}"
                ));
            }
            let left = u64::from(longest.saturating_sub(elapsed)) + 1;
            let drawn = draws.ran_out(server.id, &mut self.timer, elapsed - shortest, left);
            drawn.map_err(|detail| (Property::ElectionTimer, detail))?;
        }
        let alone = is_quorum(server, bit(server.id));
        if stood == (settings.pre_vote && !alone) {
            let due =
                if stood { "is to ask for pre-votes first" } else { "is not to ask for pre-votes" };
            return Err((Property::Voting, format!("{verb}, and {due}")));
        }
        self.incoming = Incoming::Unclear;
        if stood {
            self.stands(server, false, effects)?;
        } else {
            self.begins_to_ask(server, effects)?;
        }
        Ok(Some(Property::ElectionTimer))
    }
}
