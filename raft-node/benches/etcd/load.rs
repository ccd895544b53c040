//! What was measured, and the speed of the disk.

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Operations a second.
    pub(crate) rate: f64,
    /// Milliseconds that half of them took at most.
    pub(crate) p50: f64,
    /// Milliseconds that 99 of 100 took at most.
    pub(crate) p99: f64,
    /// Milliseconds of the processors that all servers took for each.
    pub(crate) cpu: f64,
    /// Operations that failed.
    pub(crate) failed: u64,
}

/// Syncs a second, each of 4 KiB: appended to a file, and written into one that is as long already.
pub(crate) fn syncs(directory: &Path) -> (f64, f64) {
    let path = directory.join("syncs");
    let rate = |length: usize| {
        let mut file = fs::File::create(&path).expect("a file");
        file.write_all(&vec![0; length]).expect("space");
        file.sync_all().expect("a sync");
        file.rewind().expect("a place");
        let (begun, mut count) = (Instant::now(), 0);
        while begun.elapsed() < Duration::from_secs(2) {
            if count % 4096 == 0 && length > 0 {
                file.rewind().expect("a place");
            }
            file.write_all(&[7; 4096]).expect("space");
            file.sync_data().expect("a sync");
            count += 1;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    };
    let rates = (rate(0), rate(4096 * 4096));
    let _ = fs::remove_file(path);
    rates
}
