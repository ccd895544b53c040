//! Metrics in the text format of Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use raft_core::length;
use raft_host::Reply;

use super::App;
use super::problem::Problem;

pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let status = app.handle().status().await.map_err(|_| Problem::from(Reply::Stopped))?;
    let mut text = String::new();
    let leads = u64::from(status.role == "leader");
    let leader = status.leader.map_or(0, |leader| u64::from(leader.0));
    let index = |position: Option<raft_core::Position>| length(position.map(|last| last.index));
    let gauges = [
        ("raft_term", "current term", status.term),
        ("raft_is_leader", "1 if this server leads", leads),
        ("raft_leader_id", "leader that this server knows, 0 for none", leader),
        ("raft_commit_index", "commit index", status.commit),
        ("raft_applied_index", "last index that the state machine has applied", status.applied),
        ("raft_log_last_index", "last index of the log", index(status.last)),
        ("raft_snapshot_index", "last index that the snapshot stands for", index(status.snapshot)),
        ("raft_voters", "voters in the configuration", status.membership.voters.len() as u64),
        ("raft_waiting_requests", "requests that wait for an answer", status.waiting as u64),
        ("raft_disk_full", "1 if the disk is full", u64::from(status.full)),
    ];
    for (name, help, value) in gauges {
        // Writing to a text can't fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    let name = "raft_peer_matched_index";
    let _ = writeln!(text, "# HELP {name} last index known to be on a follower's disk");
    let _ = writeln!(text, "# TYPE {name} gauge");
    for peer in &status.peers {
        let _ = writeln!(text, "{name}{{peer=\"{}\"}} {}", peer.id.0, peer.matched);
    }
    let name = "raft_http_requests_total";
    let _ = writeln!(text, "# HELP {name} requests that were answered\n# TYPE {name} counter");
    let answered = &app.0.counts.answered;
    for (class, count) in answered.iter().enumerate().skip(1) {
        let _ = writeln!(text, "{name}{{code=\"{class}xx\"}} {}", count.load(Ordering::Relaxed));
    }
    let name = "raft_http_request_seconds_total";
    let seconds = app.0.counts.micros.load(Ordering::Relaxed) as f64 / 1e6;
    let _ = writeln!(text, "# HELP {name} time that requests took\n# TYPE {name} counter");
    let _ = writeln!(text, "{name} {seconds}");
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
