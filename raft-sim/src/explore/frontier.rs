//! The states of one depth, which are to be taken next.

/// A state of the cluster as words: what was used up, the memory of the checkers, the state of each server, and the
/// messages in flight in the order of their numbers.
pub(super) type Words = [u32];

/// The words of a full chunk.
pub(super) const CHUNK: usize = 1 << 17;

/// States one after another: for each the number of its words, its fingerprint in four words, and its words.
#[derive(Default)]
pub(super) struct Chunk(pub(super) Vec<u32>);

impl Chunk {
    /// Adds a state.
    pub(super) fn push(&mut self, fingerprint: u128, words: &Words) {
        let parts = [96, 64, 32, 0].map(|shift| (fingerprint >> shift) as u32);
        self.0.push(words.len() as u32);
        self.0.extend_from_slice(&parts);
        self.0.extend_from_slice(words);
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        4 * self.0.len() as u64
    }

    /// The states.
    pub(super) fn states(&self) -> impl Iterator<Item = (u128, &Words)> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (&[length, a, b, c, d], behind) = rest.split_first_chunk()?;
            let fingerprint =
                [a, b, c, d].into_iter().fold(0, |whole, part| whole << 32 | u128::from(part));
            let (words, behind) = behind.split_at(length as usize);
            rest = behind;
            Some((fingerprint, words))
        })
    }
}
