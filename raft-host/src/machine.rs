//! The state machine that a server replicates.

use alloc::string::String;
use alloc::vec::Vec;

use raft_core::LogIndex;

/// A deterministic state machine. Commands, answers and questions are its own bytes; the host never looks into them.
///
/// It need not be durable: after a restart it begins with [`Machine::clear`], is loaded from the snapshot, and is handed
/// all that was committed behind that once more.
pub trait Machine {
    /// The state at one moment, of which [`Machine::freeze`] makes one.
    type Frozen: Frozen;

    /// Carries out the command of the entry at this index. The same commands in the same order give the same answers on each
    /// server.
    fn apply(&mut self, index: LogIndex, command: &[u8]) -> Vec<u8>;

    /// Answers a question about the state. It changes nothing.
    fn query(&self, question: &[u8]) -> Vec<u8>;

    /// The state as it is now. What is applied later must not change it. This should take little time and memory: a
    /// persistent map, or a copy that is made as pieces are asked for.
    fn freeze(&self) -> Self::Frozen;

    /// Goes back to the state before the first command.
    fn clear(&mut self);

    /// Takes the next piece of a state, cleared before the first one. Pieces come as [`Frozen::next`] gave them, in order.
    ///
    /// # Errors
    /// The reason why the piece makes no sense. The server does not start then, or stops.
    fn load(&mut self, piece: &[u8]) -> Result<(), String>;
}

/// A state at one moment, written down piece by piece: it is never in memory as a whole.
///
/// Equal states should give equal pieces.
pub trait Frozen {
    /// The next piece, of some kilobytes up to [`PIECE`] bytes; `None` after the last.
    fn next(&mut self) -> Option<Vec<u8>>;
}

/// Most bytes in a piece of a state: 16 MiB.
pub const PIECE: usize = 16 << 20;
