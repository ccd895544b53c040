//! Servers of a process that can be copied and compared, for explorations.
//!
//! A process has no copies of its servers to give. So a server here is what happened to it: each of its steps is done by a
//! new server in a child, to which all of that happens again first. That takes time, and two servers are only
//! the same if the same happened to both.

use std::hash::{Hash, Hasher};

use super::Process;
use crate::mix::{MixHasher, mix};
use crate::subject::{Boot, Capability, Effects, Ended, Event, Implementation, Subject, View};
use crate::time::Micros;

/// A process whose servers can be copied and compared, because what happened to them happens again.
#[derive(Clone, Debug)]
pub struct Replaying(Process);

/// A server: its boot and all that happened to it since.
struct Replayed {
    process: Process,
    boot: Boot,
    past: Vec<Past>,
    fingerprint: u64,
}

/// A step that was done.
#[derive(Clone)]
struct Past {
    event: Event,
    now: Micros,
    instant: bool,
    /// A number that tells its effects from others.
    effects: u64,
}

impl Replaying {
    /// The servers of this process.
    #[must_use]
    pub fn new(process: Process) -> Replaying {
        Replaying(process)
    }
}

impl Implementation for Replaying {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &[Capability] {
        self.0.capabilities()
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        // The server that says so is not needed any more.
        let (_, view) = self.0.boot(boot.clone())?;
        let fingerprint = hash(&boot);
        let process = self.0.clone();
        Ok((Box::new(Replayed { process, boot, past: Vec::new(), fingerprint }), view))
    }
}

impl Replayed {
    /// A server in a child to which all has happened that happened to this one.
    fn again(&self) -> Result<Box<dyn Subject>, Ended> {
        let booted = self.process.boot(self.boot.clone());
        let (mut server, mut view) = booted.map_err(Ended::Crashed)?;
        for (step, past) in self.past.iter().enumerate() {
            let (now, instant) = (past.now, past.instant);
            let mut effects = Effects { now, instant, view, ..Effects::default() };
            server.step(past.event.clone(), &mut effects);
            if hash(&effects) != past.effects {
                let step = step + 1;
                let text = format!(
                    "it is not deterministic: its {step}. step since it booted has other effects when it is done again"
                );
                return Err(Ended::Crashed(text));
            }
            view = effects.view;
        }
        Ok(server)
    }
}

impl Subject for Replayed {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        match self.again() {
            Ok(mut server) => server.step(event.clone(), effects),
            Err(ended) => effects.ended = Some(ended),
        }
        let Effects { now, instant, .. } = *effects;
        self.fingerprint = mix(self.fingerprint, hash(&(&event, instant)));
        self.past.push(Past { event, now, instant, effects: hash(effects) });
    }

    fn fork(&self) -> Option<Box<dyn Subject>> {
        Some(Box::new(Replayed {
            process: self.process.clone(),
            boot: self.boot.clone(),
            past: self.past.clone(),
            fingerprint: self.fingerprint,
        }))
    }

    fn fingerprint(&self) -> Option<u64> {
        Some(self.fingerprint)
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = MixHasher::default();
    what.hash(&mut hasher);
    hasher.finish()
}
