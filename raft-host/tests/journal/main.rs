//! The journal on a disk of bytes that loses power, tears writes and flips bits.

mod disk;
mod flips;
mod power;
mod server;
