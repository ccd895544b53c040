//! A proxy between two servers, in one direction: it knows frames, and loses, repeats, delays and reorders them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use raft_core::Body;
use raft_host::{Decoder, Frame};

use crate::rng::Rng;

/// Bytes of the handshake, and of the reply to it.
const HANDSHAKE: (usize, usize) = (30, 15);

/// What a link does to frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes them on.
    Whole,
    /// Passes nothing.
    Cut,
    /// Delays each by up to this many milliseconds.
    Slow(u64),
    /// Loses, repeats and reorders a few of them.
    Shuffled,
    /// Passes what is said in elections alone.
    ElectionsOnly,
}

/// A link from one server to another.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) address: SocketAddr,
    mode: Arc<Mutex<Mode>>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Link {
    /// Starts to listen for `from`, on behalf of `to`, which listens at `target`.
    pub(crate) fn start(from: u32, to: u32, target: SocketAddr, seed: u64) -> Link {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let link = Link {
            from,
            to,
            address,
            mode: Arc::new(Mutex::new(Mode::Whole)),
            connections: <_>::default(),
        };
        let accepting = link.clone();
        thread::spawn(move || {
            for (nth, stream) in listener.incoming().enumerate() {
                let (link, seed) = (accepting.clone(), seed.wrapping_add(nth as u64));
                let Ok(stream) = stream else { return };
                if link.mode() == Mode::Cut {
                    continue;
                }
                thread::spawn(move || {
                    let Ok(to) = TcpStream::connect(target) else { return };
                    let both = [&stream, &to].map(|it| it.try_clone().expect("descriptors"));
                    // An error is the end of the connection, for both sides.
                    let _ = link.pass(stream, to, Rng::new(seed));
                    both.iter().for_each(|it| drop(it.shutdown(Shutdown::Both)));
                });
            }
        });
        link
    }

    pub(crate) fn mode(&self) -> Mode {
        *self.mode.lock().expect("no panic")
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.lock().expect("no panic") = mode;
        if mode == Mode::Cut {
            for connection in self.connections.lock().expect("no panic").drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream, mut rng: Rng) -> io::Result<()> {
        from.set_nodelay(true)?;
        to.set_nodelay(true)?;
        self.connections.lock().expect("no panic").extend([from.try_clone()?, to.try_clone()?]);
        let mut hello = [0; HANDSHAKE.0];
        from.read_exact(&mut hello)?;
        to.write_all(&hello)?;
        let mut reply = [0; HANDSHAKE.1];
        to.read_exact(&mut reply)?;
        from.write_all(&reply)?;
        let cluster = u64::from_le_bytes(hello[10..18].try_into().expect("eight bytes"));
        let mut held: Option<Vec<u8>> = None;
        loop {
            let frame = read(&mut from)?;
            match self.mode() {
                Mode::Cut => return Ok(()),
                Mode::Whole => to.write_all(&frame)?,
                Mode::Slow(most) => {
                    thread::sleep(Duration::from_millis(rng.below(most + 1)));
                    to.write_all(&frame)?;
                }
                Mode::Shuffled => match rng.below(10) {
                    0 => {}
                    1 => to.write_all(&[&frame[..], &frame].concat())?,
                    2 => held = Some(frame),
                    _ => {
                        to.write_all(&frame)?;
                        // One that was held comes late.
                        if rng.below(3) == 0 {
                            to.write_all(&held.take().unwrap_or_default())?;
                        }
                    }
                },
                Mode::ElectionsOnly => {
                    if is_of_election(cluster, &frame[4..]) {
                        to.write_all(&frame)?;
                    }
                }
            }
        }
    }
}

fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame)?;
    let length = u32::from_le_bytes(frame[..].try_into().expect("four bytes")) as usize;
    frame.resize(4 + length, 0);
    stream.read_exact(&mut frame[4..])?;
    Ok(frame)
}

fn is_of_election(cluster: u64, bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(cluster, usize::MAX);
    decoder.push(bytes);
    let Ok(Some(Frame::Raft(message))) = decoder.next() else { return false };
    matches!(
        message.body,
        Body::RequestVote { .. }
            | Body::RequestVoteReply { .. }
            | Body::PreVote { .. }
            | Body::PreVoteReply { .. }
    )
}
