//! The options that bound an exploration.

use crate::explore::Bounds;
use crate::scenario::syntax::Header;

/// The bounds.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Bounds")]
pub(super) struct BoundArgs {
    /// Voters of the first configuration
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
    servers: u32,
    /// Further servers, which boot without a configuration
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=8))]
    joiners: u32,
    /// The highest term
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    terms: u64,
    /// Commands that are proposed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    entries: u8,
    /// Crashes, each with a restart
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    crashes: u8,
    /// Messages that are delivered and stay in flight
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    duplicates: u8,
    /// Heartbeats of leaders
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    heartbeats: u8,
    /// Reads
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    reads: u8,
    /// Changes of the configuration, each by one server
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    members: u8,
    /// Snapshots
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    snapshots: u8,
    /// Requests to hand leadership to another server
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = most())]
    transfers: u8,
    /// Election timeouts [default: as many as the terms allow]
    #[arg(long, value_name = "N", value_parser = most())]
    timeouts: Option<u8>,
    /// Let each write be durable by an action of its own, not with its step
    #[arg(long)]
    slow_disks: bool,
}

fn most() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=i64::from(Bounds::MOST))
}

impl BoundArgs {
    /// The bounds.
    ///
    /// # Errors
    /// They are of too many servers.
    pub(super) fn bounds(&self) -> Result<Bounds, String> {
        let BoundArgs {
            servers,
            joiners,
            terms,
            entries,
            crashes,
            duplicates,
            heartbeats,
            reads,
            members,
            snapshots,
            transfers,
            timeouts,
            slow_disks,
        } = *self;
        if servers + joiners > Header::MOST_SERVERS {
            return Err(format!(
                "--servers {servers} and --joiners {joiners} are {}; expected at most {}",
                servers + joiners,
                Header::MOST_SERVERS
            ));
        }
        Ok(Bounds {
            servers,
            joiners,
            terms,
            entries,
            crashes,
            duplicates,
            heartbeats,
            reads,
            members,
            snapshots,
            transfers,
            timeouts,
            slow_disks,
        })
    }
}
