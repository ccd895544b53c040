//! Clients that write down what they do: a history for `raft-sim check`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use raft_node::client::{Client, ClientError, Options};
use serde_json::{Value, json};

use crate::rng::Rng;

/// Registers that all clients share.
const KEYS: u64 = 3;
/// Patience of a client.
const PATIENCE: Duration = Duration::from_secs(3);

/// What all clients have written down.
#[derive(Default)]
pub(crate) struct Record {
    /// Events, in the order of time.
    pub(crate) events: Mutex<Vec<String>>,
    /// Keys that were written once each, and acknowledged, with their values.
    pub(crate) acknowledged: Mutex<Vec<(String, String)>>,
}

impl Record {
    fn tell(&self, event: Value) {
        self.events.lock().expect("no panic").push(event.to_string());
    }
}

/// Clients that run.
pub(crate) struct Clients {
    pub(crate) record: Arc<Record>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    pub(crate) fn start(count: u64, apis: &[String], seed: u64) -> Clients {
        let (record, stop) = (Arc::new(Record::default()), Arc::new(AtomicBool::new(false)));
        let client = |nth: u64| {
            let (record, stop) = (record.clone(), stop.clone());
            let mut apis = apis.to_vec();
            // Each begins with another server: followers are asked as well.
            let begin = nth as usize % apis.len();
            apis.rotate_left(begin);
            let mut it = One::new(nth, count, apis, record, Rng::new(seed ^ (nth << 40)));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    it.act();
                }
            })
        };
        let threads = (1..=count).map(client).collect();
        Clients { record, stop, threads }
    }

    /// Lets all finish what they do.
    pub(crate) fn stop(self) -> Arc<Record> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("no panic");
        }
        self.record
    }
}

/// One client.
struct One {
    process: u64,
    /// Clients: the next number of a process that was not used is this much higher.
    step: u64,
    writer: Client,
    readers: Vec<Client>,
    record: Arc<Record>,
    rng: Rng,
    count: u64,
    /// The value that it last saw in each register.
    seen: Vec<Option<String>>,
}

impl One {
    fn new(process: u64, step: u64, apis: Vec<String>, record: Arc<Record>, rng: Rng) -> One {
        let client = |apis: Vec<String>| {
            let options = Options { patience: PATIENCE, ..Options::default() };
            Client::new(apis, options).expect("a client")
        };
        let readers = apis.iter().map(|api| client(vec![api.clone()])).collect();
        let seen = vec![None; KEYS as usize];
        One { process, step, writer: client(apis), readers, record, rng, count: 0, seen }
    }

    fn act(&mut self) {
        self.count += 1;
        let nth = self.rng.below(KEYS) as usize;
        let key = format!("r{nth}");
        let value = format!("{}.{}", self.process, self.count);
        match self.rng.below(10) {
            0..4 => self.read(nth, &key),
            4..7 => self.write(nth, &key, &value),
            7..9 => self.swap(nth, &key, &value),
            _ => {
                let key = format!("once/{value}");
                if self.writer.put(&key, value.as_bytes()).is_ok() {
                    self.record.acknowledged.lock().expect("no panic").push((key, value));
                }
            }
        }
        std::thread::sleep(Duration::from_millis(self.rng.below(10)));
    }

    fn read(&mut self, nth: usize, key: &str) {
        self.invoke("read", key, Value::Null);
        let place = self.rng.below(self.readers.len() as u64) as usize;
        match self.readers[place].get(key) {
            Ok(value) => {
                let value = value.map(|value| String::from_utf8(value).expect("a text"));
                self.complete("ok", "read", key, json!(value), None);
                self.seen[nth] = value;
            }
            Err(error) => self.complete("fail", "read", key, json!(error.to_string()), None),
        }
    }

    fn write(&mut self, nth: usize, key: &str, value: &str) {
        self.invoke("write", key, json!(value));
        match self.writer.put(key, value.as_bytes()) {
            Ok(_) => {
                self.complete("ok", "write", key, json!(value), None);
                self.seen[nth] = Some(value.to_string());
            }
            Err(error) => self.failed("write", key, json!(value), &error),
        }
    }

    fn swap(&mut self, nth: usize, key: &str, value: &str) {
        let expected = self.seen[nth].clone();
        let both = json!([expected, value]);
        self.invoke("cas", key, both.clone());
        let bytes = expected.as_deref().map(str::as_bytes);
        match self.writer.cas(key, bytes, Some(value.as_bytes())) {
            Ok(Ok(_)) => {
                self.complete("ok", "cas", key, both, None);
                self.seen[nth] = Some(value.to_string());
            }
            Ok(Err(actual)) => {
                let actual = actual.map(|actual| String::from_utf8(actual).expect("a text"));
                self.complete("fail", "cas", key, both, Some(json!(actual)));
                self.seen[nth] = actual;
            }
            Err(error) => self.failed("cas", key, both, &error),
        }
    }

    fn invoke(&self, f: &str, key: &str, value: Value) {
        self.record.tell(json!({
            "process": self.process, "type": "invoke", "f": f, "key": key, "value": value,
        }));
    }

    fn complete(&self, kind: &str, f: &str, key: &str, value: Value, saw: Option<Value>) {
        let mut event =
            json!({ "process": self.process, "type": kind, "f": f, "key": key, "value": value });
        if let Some(saw) = saw {
            event["saw"] = saw;
        }
        self.record.tell(event);
    }

    fn failed(&mut self, f: &str, key: &str, value: Value, error: &ClientError) {
        let unknown = error.is_unknown();
        self.complete(if unknown { "info" } else { "fail" }, f, key, value, None);
        if unknown {
            self.process += self.step;
        }
    }
}
