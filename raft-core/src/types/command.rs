//! A command's bytes.

use alloc::sync::Arc;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

/// A command's bytes. A short one is kept in place, a longer one is shared: either way a copy is cheap,
/// however often the log hands it on. Reads as a slice.
#[derive(Clone)]
pub struct Command(Bytes);

/// The number of bytes that fit where a reference and a length would be.
const IN_PLACE: usize = 22;

#[derive(Clone)]
enum Bytes {
    InPlace(u8, [u8; IN_PLACE]),
    Shared(Arc<[u8]>),
}

impl From<&[u8]> for Command {
    fn from(bytes: &[u8]) -> Command {
        if bytes.len() > IN_PLACE {
            return Command(Bytes::Shared(Arc::from(bytes)));
        }
        let mut place = [0; IN_PLACE];
        place[..bytes.len()].copy_from_slice(bytes);
        // At most `IN_PLACE`.
        Command(Bytes::InPlace(bytes.len() as u8, place))
    }
}

impl Deref for Command {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::InPlace(length, place) => &place[..usize::from(*length)],
            Bytes::Shared(bytes) => bytes,
        }
    }
}

impl PartialEq for Command {
    fn eq(&self, other: &Command) -> bool {
        **self == **other
    }
}

impl Eq for Command {}

impl Hash for Command {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
