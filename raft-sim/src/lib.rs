//! raft-sim (under construction)
pub mod cli;
pub mod cluster;
pub mod dice;
pub mod disk;
pub mod mix;
pub mod network;
pub mod oracle;
pub mod plan;
pub mod reference;
pub mod report;
pub mod run;
pub mod scenario;
pub mod story;
pub mod subject;
pub mod time;
pub mod words;
