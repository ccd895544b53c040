//! The random number generator of plans: ChaCha8 streams from which a seed's plan is drawn before the run.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::mix::{below, chance};

/// Draws in order from one stream. For plans only: a run itself draws by identity (see `mix`).
///
/// The seed's bytes, the generator and the arithmetic on its words are fixed here, so that no upgrade of
/// a library gives an old seed a new plan.
#[derive(Debug)]
pub struct PlanRng(ChaCha8Rng);

impl PlanRng {
    /// The generator of a seed: its first stream.
    #[must_use]
    pub fn new(seed: u64) -> PlanRng {
        PlanRng::stream(seed, 0)
    }

    /// One of a seed's streams. Draws from one stream do not affect the others.
    #[must_use]
    pub fn stream(seed: u64, number: u64) -> PlanRng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(b"raft-sim plan, stream v1");
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(number);
        PlanRng(generator)
    }

    /// A number from `low` to `high`, ends included; `low` if the range is empty.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        low + below(self.0.next_u64(), width)
    }

    /// True with this many chances in a hundred.
    pub fn percent(&mut self, chances: u32) -> bool {
        chance(self.0.next_u64(), chances.saturating_mul(10_000))
    }

    /// One of these, each as likely as the others.
    ///
    /// # Panics
    /// If there is nothing to pick from.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.range(0, from.len() as u64 - 1) as usize]
    }
}
