//! The way back from a header to its lines.

use super::words::{log, servers};
use crate::scenario::syntax::{Changes, Given, Header, Network, Settings};
use crate::words::{NodeId, Term};

/// The lines of a header, each with a space between two words.
pub(super) fn header(header: &Header) -> Vec<String> {
    let mut lines = vec![
        format!("scenario {}", header.title),
        format!("paper {}", header.paper),
        format!("servers {}", servers(&header.servers)),
    ];
    if !header.outside.is_empty() {
        lines.push(format!("outside {}", servers(&header.outside)));
    }
    if !header.requires.is_empty() {
        let words: Vec<&str> = header.requires.iter().map(|needed| needed.word()).collect();
        lines.push(format!("requires {}", words.join(" ")));
    }
    lines.extend(header.violates.iter().map(|property| format!("violates {property}")));
    lines.extend(settings(header));
    lines.extend(network(&header.network));
    if header.durable_state_machine {
        lines.push("state-machine durable".to_owned());
    }
    lines.extend(given(&header.given));
    lines
}

/// One line for all who have the same settings; none for those who have the defaults.
fn settings(header: &Header) -> Vec<String> {
    let mut groups: Vec<(Settings, Vec<NodeId>)> = Vec::new();
    for (&server, &settings) in header.servers.iter().zip(&header.settings) {
        match groups.iter_mut().find(|(other, _)| *other == settings) {
            Some((_, servers)) => servers.push(server),
            None => groups.push((settings, vec![server])),
        }
    }
    let set = groups.into_iter().filter(|(settings, _)| *settings != Settings::default());
    set.map(|(settings, of)| {
        let of = if of == header.servers { String::new() } else { servers(&of) + " " };
        format!("settings {of}{}", set_words(settings).join(" "))
    })
    .collect()
}

/// The words of what is set.
pub(super) fn set_words(settings: Settings) -> Vec<String> {
    let Settings {
        election_timeout,
        heartbeat,
        entries_per_message,
        uncommitted_limit,
        window,
        bytes_per_message,
        chunk,
        pre_vote,
        check_quorum,
        lease_reads,
        changes,
        catch_up_rounds,
        apply_queue,
        sessions,
    } = settings;
    let mut words = Vec::new();
    words.extend(election_timeout.map(|(from, to)| format!("election-timeout {from}..{to}")));
    for (name, value) in [
        ("heartbeat", heartbeat),
        ("entries-per-message", entries_per_message),
        ("uncommitted-limit", uncommitted_limit),
        ("window", window),
        ("bytes-per-message", bytes_per_message),
        ("chunk", chunk),
        ("catch-up-rounds", catch_up_rounds),
        ("apply-queue", apply_queue),
        ("sessions", sessions),
    ] {
        words.extend(value.map(|value| format!("{name} {value}")));
    }
    words.extend(pre_vote.then(|| "pre-vote".to_owned()));
    words.extend(check_quorum.then(|| "check-quorum".to_owned()));
    words.extend(lease_reads.map(|drift| format!("lease-reads {drift}%")));
    words.extend(changes.map(|changes| match changes {
        Changes::Single => "changes single".to_owned(),
        Changes::Joint => "changes joint".to_owned(),
        Changes::Shortest => "changes shortest".to_owned(),
    }));
    words
}

/// What differs from the weather that there is if nothing is said.
fn network(network: &Network) -> Option<String> {
    let Network { delay: (from, to), loss, duplicate, seed } = *network;
    let fair = Network::default();
    let mut words = Vec::new();
    if network.delay != fair.delay {
        words.push(format!("delay {from}..{to} us"));
    }
    if loss != fair.loss {
        words.push(format!("loss {loss}%"));
    }
    if duplicate != fair.duplicate {
        words.push(format!("duplicate {duplicate}%"));
    }
    if seed != fair.seed {
        words.push(format!("seed {seed}"));
    }
    (!words.is_empty()).then(|| format!("network {}", words.join(" ")))
}

/// One line for all who begin with the same.
fn given(given: &[Given]) -> Vec<String> {
    let mut groups: Vec<(&Given, Vec<NodeId>)> = Vec::new();
    for one in given {
        let same =
            |other: &Given| (&other.log, other.term, other.vote) == (&one.log, one.term, one.vote);
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, servers)) => servers.push(one.server),
            None => groups.push((one, vec![one.server])),
        }
    }
    let line = |(of, mut all): (&Given, Vec<NodeId>)| {
        all.sort_unstable();
        let last = of.log.last().map_or(Term(0), |entry| entry.term);
        let mut line = format!("given {}", servers(&all));
        if !of.log.is_empty() {
            line += &format!(" log {}", log(&of.log));
        }
        if of.term != last || (of.log.is_empty() && of.vote.is_none()) {
            line += &format!(" term {}", of.term);
        }
        if let Some(vote) = of.vote {
            line += &format!(" vote {vote}");
        }
        line
    };
    groups.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;
    use crate::scenario::source::Source;

    #[test]
    fn a_header_is_written_as_it_was_read() {
        let lines = [
            "scenario A title of its own",
            "paper §5.2, Figure 3",
            "servers S1 S2 S3 S4",
            "outside S4",
            "requires forge no-op",
            "violates election-safety",
            "settings S1 S2 election-timeout 5..9 heartbeat 2 window 3 check-quorum lease-reads 5%",
            "settings S3 pre-vote changes joint",
            "network delay 500..7000 us loss 5% duplicate 1% seed 7",
            "state-machine durable",
            "given S1 S3 log 1 1 2:x",
            "given S2 term 3",
            "given S4 log 1 term 2 vote S1",
            "settle",
        ];
        let source = Source::new("t.raft", &lines.join("\n"));
        let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(header(&scenario.header), lines[..lines.len() - 1]);
    }
}
