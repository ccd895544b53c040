//! Frames: packets on a stream of bytes, and the handshake before the first.
//!
//! ```text
//! frame      length u32 │ bytes
//! handshake  "RAFTPEER" │ version u16 │ cluster u64 │ from u32 │ to u32 │ crc32 u32
//! reply      status u8 │ version u16 │ cluster u64 │ server u32
//! ```
//!
//! All numbers are little-endian. A frame that is too long ends the connection. What is in it has a sum of its own
//! ([`raft_host::frame`]).

use std::fmt;
use std::io;

use raft_core::NodeId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The version of frames and of what is in them.
pub const VERSION: u16 = 1;

/// The longest content of a frame, in bytes.
pub const LARGEST: usize = 16 << 20;

const MAGIC: &[u8; 8] = b"RAFTPEER";
const HELLO: usize = 8 + 2 + 8 + 4 + 4 + 4;
const REPLY: usize = 1 + 2 + 8 + 4;

/// Puts a frame behind the bytes.
pub fn append(bytes: &mut Vec<u8>, content: &[u8]) {
    bytes.extend_from_slice(&(content.len() as u32).to_le_bytes());
    bytes.extend_from_slice(content);
}

/// Reads the next frame; `None` at the end of the stream.
///
/// # Errors
/// [`Broken`] as an error of kind `InvalidData`, and those of the stream.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    match stream.read_exact(&mut header).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut content = vec![0; length(header)?];
    stream.read_exact(&mut content).await?;
    Ok(Some(content))
}

/// Takes the next frame off the bytes; `None` at their end.
///
/// # Errors
/// [`Broken`] as an error of kind `InvalidData`.
pub fn take<'a>(bytes: &mut &'a [u8]) -> io::Result<Option<&'a [u8]>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (header, rest) = bytes.split_first_chunk::<4>().ok_or(Broken::Torn)?;
    let (content, rest) = rest.split_at_checked(length(*header)?).ok_or(Broken::Torn)?;
    *bytes = rest;
    Ok(Some(content))
}

fn length(header: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(header) as usize;
    if length > LARGEST { Err(Broken::TooLong(length).into()) } else { Ok(length) }
}

/// Reason for which bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It claims this length.
    TooLong(usize),
    /// It ends too early.
    Torn,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::TooLong(length) => {
                write!(f, "a frame claims {length} bytes; at most {LARGEST} are expected")
            }
            Broken::Torn => f.write_str("a frame ends too early"),
        }
    }
}

impl std::error::Error for Broken {}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, broken)
    }
}

/// First bytes of a connection: who wants to send what to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version of the sender.
    pub version: u16,
    /// The cluster of the sender.
    pub cluster: u64,
    /// The sender.
    pub from: NodeId,
    /// The server that it wants to reach.
    pub to: NodeId,
}

impl Hello {
    fn encode(self) -> [u8; HELLO] {
        let mut bytes = Vec::with_capacity(HELLO);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&self.cluster.to_le_bytes());
        bytes.extend_from_slice(&self.from.0.to_le_bytes());
        bytes.extend_from_slice(&self.to.0.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        let mut array = [0; HELLO];
        array.copy_from_slice(&bytes);
        array
    }

    fn decode(bytes: &[u8; HELLO]) -> Option<Hello> {
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        Some(Hello {
            version: u16::from_le_bytes(number(&mut rest)?),
            cluster: u64::from_le_bytes(number(&mut rest)?),
            from: NodeId(u32::from_le_bytes(number(&mut rest)?)),
            to: NodeId(u32::from_le_bytes(number(&mut rest)?)),
        })
    }
}

fn number<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

/// Answer to a [`Hello`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Frames may follow.
    Welcome,
    /// The receiver has another version.
    OtherVersion(u16),
    /// The receiver is in another cluster.
    OtherCluster(u64),
    /// The receiver is another server.
    OtherServer(NodeId),
    /// The receiver knows no server with the sender's number.
    Unknown,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Welcome => f.write_str("welcome"),
            Reply::OtherVersion(version) => {
                write!(f, "it speaks version {version}, this server version {VERSION}")
            }
            Reply::OtherCluster(cluster) => write!(f, "it belongs to cluster {cluster}"),
            Reply::OtherServer(server) => write!(f, "it is {server}"),
            Reply::Unknown => f.write_str("it does not know this server"),
        }
    }
}

/// Greets the server at the other end, and returns its reply.
///
/// # Errors
/// Those of the stream; `InvalidData` if the other end is no server of this kind.
pub async fn greet<S>(stream: &mut S, hello: Hello) -> io::Result<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&hello.encode()).await?;
    stream.flush().await?;
    let mut reply = [0; REPLY];
    stream.read_exact(&mut reply).await?;
    let [status, rest @ ..] = reply;
    let mut rest = &rest[..];
    let mut parts = || {
        let version = u16::from_le_bytes(number(&mut rest)?);
        let cluster = u64::from_le_bytes(number(&mut rest)?);
        Some((version, cluster, u32::from_le_bytes(number(&mut rest)?)))
    };
    let (version, cluster, server) = parts().ok_or(Broken::Torn)?;
    Ok(match status {
        0 => Reply::Welcome,
        1 => Reply::OtherVersion(version),
        2 => Reply::OtherCluster(cluster),
        3 => Reply::OtherServer(NodeId(server)),
        4 => Reply::Unknown,
        _ => {
            let text = "the other end does not answer as a raft-node does";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
    })
}

/// Takes the greeting of a server, and answers what `judge` says about it. Returns the sender if it is welcome.
///
/// # Errors
/// Those of the stream; `InvalidData` if it is no greeting.
pub async fn welcome<S>(
    stream: &mut S,
    own: Hello,
    judge: impl FnOnce(Hello) -> Reply,
) -> io::Result<Result<NodeId, (Hello, Reply)>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = [0; HELLO];
    stream.read_exact(&mut bytes).await?;
    let Some(hello) = Hello::decode(&bytes) else {
        let text = "the other end does not greet as a raft-node does";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    };
    let reply = judge(hello);
    let status: u8 = match reply {
        Reply::Welcome => 0,
        Reply::OtherVersion(_) => 1,
        Reply::OtherCluster(_) => 2,
        Reply::OtherServer(_) => 3,
        Reply::Unknown => 4,
    };
    let mut bytes = vec![status];
    bytes.extend_from_slice(&own.version.to_le_bytes());
    bytes.extend_from_slice(&own.cluster.to_le_bytes());
    bytes.extend_from_slice(&own.from.0.to_le_bytes());
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    Ok(if reply == Reply::Welcome { Ok(hello.from) } else { Err((hello, reply)) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any bytes are read as frames or refused, without a panic.
        #[test]
        fn any_bytes_are_frames_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut rest = &bytes[..];
            while let Ok(Some(_)) = take(&mut rest) {}
        }

        /// Frames come out as they went in.
        #[test]
        fn frames_come_out_as_they_went_in(
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..4),
        ) {
            let mut bytes = Vec::new();
            contents.iter().for_each(|content| append(&mut bytes, content));
            let mut rest = &bytes[..];
            for content in &contents {
                prop_assert_eq!(take(&mut rest).unwrap(), Some(&content[..]));
            }
            prop_assert_eq!(take(&mut rest).unwrap(), None);
        }
    }
}
