//! Load: clients that do one thing at a time, and what came of it.

use std::fs;
use std::io::{BufRead, BufReader, Seek, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
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

/// Clients of the API at this address; gives the sorted times of all requests, in milliseconds, and the number that failed.
pub(crate) fn http(api: &str, kind: &str, clients: usize, seconds: f64) -> (Vec<f64>, u64) {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let one = |nth: usize| {
        let (api, put) = (api.to_string(), kind == "put");
        thread::Builder::new()
            .stack_size(128 << 10)
            .spawn(move || client(&api, put, nth, clients, end))
            .expect("a thread")
    };
    let threads: Vec<_> = (0..clients).map(one).collect();
    let (mut times, mut failed) = (Vec::new(), 0);
    for thread in threads {
        let (own, bad) = thread.join().expect("no panic");
        times.extend(own);
        failed += bad;
    }
    times.sort_unstable_by(f64::total_cmp);
    (times, failed)
}

fn client(api: &str, put: bool, nth: usize, clients: usize, end: Instant) -> (Vec<f64>, u64) {
    let stream = TcpStream::connect(api).expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    let mut answers = BufReader::new(stream.try_clone().expect("a descriptor"));
    let mut requests = stream;
    let value = "v".repeat(256);
    let (mut times, mut failed, mut count) = (Vec::new(), 0, nth);
    while Instant::now() < end {
        let key = format!("k{:07}", count % 100_000);
        count += clients;
        let request = if put {
            format!("PUT /v1/keys/{key} HTTP/1.1\r\nhost: x\r\ncontent-length: 256\r\n\r\n{value}")
        } else {
            format!("GET /v1/keys/{key} HTTP/1.1\r\nhost: x\r\n\r\n")
        };
        let begun = Instant::now();
        requests.write_all(request.as_bytes()).expect("it is there");
        let status = answer(&mut answers);
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        // A key that is not there is an answer.
        failed += u64::from(![200, 404].contains(&status));
    }
    (times, failed)
}

/// Reads an answer to its end; its status.
fn answer(answers: &mut impl BufRead) -> u16 {
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        answers.read_line(&mut line).expect("an answer");
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if status == 0 {
            status = text.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body).expect("a body");
    status
}
