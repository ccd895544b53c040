//! Servers in memory: what their clients are told, their disks and their frames.

mod cluster;
mod disk;
mod flips;
mod frames;
mod requests;
mod snapshots;
