//! The random numbers from which a plan is drawn before anything runs: ChaCha8 streams of its seed, or given words.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::mix::{below, chance};

/// Draws in order from one stream. For plans only: a run itself draws by identity (see `mix`).
///
/// The seed's bytes, the generator and the arithmetic on its words are fixed here, so that no upgrade of
/// a library gives an old seed a new plan.
#[derive(Debug)]
pub struct PlanRng(Words);

/// The words that random numbers are made of.
#[derive(Debug)]
enum Words {
    /// Words of a stream of a seed.
    Stream(Box<ChaCha8Rng>),
    /// Given words, then zeros.
    Given(std::vec::IntoIter<u16>),
}

impl PlanRng {
    /// The first stream of a seed.
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
        PlanRng(Words::Stream(Box::new(generator)))
    }

    /// Random numbers made of these words, then the lowest that there are. Smaller words make smaller numbers, and
    /// earlier picks: what is drawn from them can be shrunk.
    #[must_use]
    pub fn given(words: Vec<u16>) -> PlanRng {
        PlanRng(Words::Given(words.into_iter()))
    }

    fn word(&mut self) -> u64 {
        match &mut self.0 {
            Words::Stream(generator) => generator.next_u64(),
            Words::Given(words) => u64::from(words.next().unwrap_or(0)) << 48,
        }
    }

    /// A number from `low` to `high`, ends included; `low` if the range is empty.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        low + below(self.word(), width)
    }

    /// True with this many chances in a hundred.
    pub fn percent(&mut self, chances: u32) -> bool {
        chance(self.word(), chances.saturating_mul(10_000))
    }

    /// One of these, each as likely as the others.
    ///
    /// # Panics
    /// If there is nothing to pick from.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.range(0, from.len() as u64 - 1) as usize]
    }
}
