//! Faults of the system itself, for which the servers have a namespace of their own: packets that vanish while connections stay
//! open, a file system that is full, a disk that fails, clocks that jump. `raft-node/tests/namespace` makes the namespace, in which
//! this is root, and says so by `RAFT_NODE_NAMESPACE`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The size of the file system of a server's data.
const SPACE: &str = "size=16m";

/// Library that makes calls of the system fail, with the one that reads what shall fail from `FIU_ENABLE` (libfiu).
const FAILING: [&str; 2] = ["/usr/lib/fiu/fiu_run_preload.so", "/usr/lib/fiu/fiu_posix_preload.so"];

/// Library that reads the time from a file (libfaketime), in the folder of an architecture below `/usr/lib`.
const CLOCK: &str = "faketime/libfaketimeMT.so.1";

/// Returns whether the servers have a namespace.
pub(crate) fn is_there() -> bool {
    std::env::var_os("RAFT_NODE_NAMESPACE").is_some()
}

fn ran(command: &str, args: &[&str]) {
    let output = Command::new(command).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{command}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command} {args:?}: {error}");
}

/// Makes the file systems of the servers, and the table of packets that vanish.
pub(crate) fn prepare(data: &Path, servers: u32) {
    for id in 1..=servers {
        let place = data.join(id.to_string());
        fs::create_dir_all(&place).expect("a directory");
        ran("mount", &["-t", "tmpfs", "-o", SPACE, "tmpfs", &place.to_string_lossy()]);
    }
    ran("nft", &["add table inet raft"]);
    ran("nft", &["add chain inet raft lost { type filter hook input priority 0; }"]);
}

/// Takes the file systems away.
pub(crate) fn clear(data: &Path, servers: u32) {
    for id in 1..=servers {
        ran("umount", &[&data.join(id.to_string()).to_string_lossy()]);
    }
}

/// Lets all packets from and to these ports vanish.
pub(crate) fn lose(ports: &[u16]) {
    for port in ports {
        ran("nft", &[&format!("add rule inet raft lost tcp dport {port} drop")]);
        ran("nft", &[&format!("add rule inet raft lost tcp sport {port} drop")]);
    }
}

/// Lets all packets arrive again.
pub(crate) fn find() {
    ran("nft", &["flush chain inet raft lost"]);
}

/// Fills the file system of a server.
pub(crate) fn fill(data: &Path, id: u32) {
    let mut file = fs::File::create(filler(data, id)).expect("a file");
    let some = [0; 4096];
    // Until there is no space.
    while file.write_all(&some).is_ok() {}
}

/// Makes room again.
pub(crate) fn make_room(data: &Path, id: u32) {
    fs::remove_file(filler(data, id)).expect("it was filled");
}

fn filler(data: &Path, id: u32) -> PathBuf {
    data.join(id.to_string()).join("filler")
}

/// A library for `LD_PRELOAD`. The loader would go on without one that is not there, and there would be no fault.
fn preload(library: &Path) -> String {
    assert!(library.is_file(), "{} is not installed", library.display());
    library.to_string_lossy().into_owned()
}

/// The environment of a server one in a hundred of whose syncs fails with EIO.
pub(crate) fn failing() -> Vec<(&'static str, String)> {
    let syncs = "enable_random name=posix/io/sync/*,probability=0.01";
    let libraries = FAILING.map(|library| preload(Path::new(library)));
    vec![("LD_PRELOAD", libraries.join(":")), ("FIU_ENABLE", syncs.to_string())]
}

/// The environment of a server whose clocks do what the file says; only that of the day if `day` is true.
pub(crate) fn clock(file: &Path, day: bool) -> Vec<(&'static str, String)> {
    let mut folders = fs::read_dir("/usr/lib").expect("a folder").flatten().map(|it| it.path());
    let library = folders.find(|it| it.join(CLOCK).exists()).unwrap_or_default();
    vec![
        ("LD_PRELOAD", preload(&library.join(CLOCK))),
        ("FAKETIME_TIMESTAMP_FILE", file.to_string_lossy().into_owned()),
        ("FAKETIME_CACHE_DURATION", "1".to_string()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", u8::from(day).to_string()),
    ]
}

/// Sets the clocks of a server off by these seconds.
pub(crate) fn set(file: &Path, seconds: i64) {
    fs::write(file, format!("{seconds:+}s\n")).expect("a file");
}
