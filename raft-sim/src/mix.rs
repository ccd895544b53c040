//! Mixing: turns identities into decisions, and steps into a digest.
//!
//! Everything drawn while a run goes on is a pure function of the seed and of *what* is decided (which
//! link, which message on it, …), not of how many draws came before. Taking one fault out of a plan
//! therefore leaves every other decision as it was. The arithmetic is fixed here, in whole numbers, so
//! that a seed means the same history on every machine and after every upgrade of a library.

use std::hash::Hasher;

use crate::model::NodeId;

/// Mixes `value` into `state`: a 64 × 64 → 128 bit multiplication folded in half.
#[must_use]
#[inline]
pub fn mix(state: u64, value: u64) -> u64 {
    let product =
        u128::from(state ^ 0x9e37_79b9_7f4a_7c15) * u128::from(value ^ 0xd1b5_4a32_d192_ed03);
    ((product >> 64) as u64) ^ (product as u64) ^ state.rotate_left(23)
}

/// Mixes two values into `state` at the price of one.
#[must_use]
#[inline]
pub fn mix_pair(state: u64, first: u64, second: u64) -> u64 {
    mix(state ^ first.rotate_left(32), second)
}

/// Mixes lists of servers, the length of each included.
#[must_use]
pub fn mix_lists<const N: usize>(state: u64, lists: [&[NodeId]; N]) -> u64 {
    lists.into_iter().fold(state, |state, servers| {
        let state = mix(state, servers.len() as u64);
        servers.iter().fold(state, |state, server| mix(state, u64::from(server.0)))
    })
}

/// Mixes a string of bytes, its length included.
#[must_use]
pub fn mix_bytes(state: u64, bytes: &[u8]) -> u64 {
    let mut state = mix(state, bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        state = mix(state, u64::from_le_bytes(word));
    }
    state
}

/// A hasher whose result is the same on every machine of 64 bits and little endian.
#[derive(Clone, Copy, Debug, Default)]
pub struct MixHasher(u64);

impl Hasher for MixHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = mix_bytes(self.0, bytes);
    }

    fn write_u8(&mut self, value: u8) {
        self.0 = mix(self.0, u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = mix(self.0, u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0, value);
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = mix(self.0, value as u64);
    }
}

/// A number below `bound` from 64 mixed bits (`bound` 0 gives 0). Uniform up to one part in 2⁶⁴ / `bound`.
#[must_use]
#[inline]
pub fn below(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

/// True if an event with a probability of `ppm` parts in a million happens.
#[must_use]
#[inline]
pub fn chance(bits: u64, ppm: u32) -> bool {
    below(bits, 1_000_000) < u64::from(ppm)
}
