//! Tests the tests: plants each mutant of the core that cargo-mutants makes up, and counts those that the scenarios, a
//! campaign and some other tests catch. `cargo run -p raft-tests --bin mutants` prints a table, and the mutants that
//! nothing catches; parts of names as arguments pick some.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use clap::Parser;
use raft_tests::each;
use raft_tests::mutants::{Fate, Mutant, Trial, listed};

/// Plants the mutants that cargo-mutants makes up, in one build, and counts those that the tests catch
#[derive(Debug, Parser)]
struct Args {
    /// Parts of the names of mutants; without any, all of them
    #[arg(value_name = "PART")]
    parts: Vec<String>,

    /// The time limit of a test, in seconds: a core that takes longer will not end
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,

    /// Print the fate of every mutant
    #[arg(long)]
    verbose: bool,
}

impl Args {
    /// Prints the fate of a mutant as soon as it is known, if it is asked for or nothing caught the mutant.
    fn tell(&self, mutant: &Mutant, fate: &Fate) {
        if self.verbose || *fate == Fate::Missed {
            println!("{fate:?}: {}", mutant.name);
        }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let limit = Duration::from_secs(args.timeout);
    let mutants = listed(&args.parts)?;
    let trial = Trial::open(&mutants, limit)?;
    let fates: Mutex<BTreeMap<usize, Fate>> = Mutex::default();
    each(&trial.switched(mutants.len()), |place| {
        let fate = trial.of_switched(*place, limit)?;
        args.tell(&mutants[*place], &fate);
        fates.lock().map_err(|_| "another thread failed")?.insert(*place, fate);
        Ok(())
    })?;
    let mut fates = fates.into_inner().map_err(|_| "a thread failed")?;
    for (place, fate) in trial.of_others(limit)? {
        args.tell(&mutants[place], &fate);
        fates.insert(place, fate);
    }
    let mut counts: BTreeMap<&Fate, usize> = BTreeMap::new();
    for fate in fates.values() {
        *counts.entry(fate).or_default() += 1;
    }
    let of = |fate: &Fate| counts.get(fate).copied().unwrap_or(0);
    let (unviable, missed) = (of(&Fate::Unviable), of(&Fate::Missed));
    let viable = mutants.len() - unviable;
    println!("{} mutants, {unviable} do not compile, {viable} are viable", mutants.len());
    for (fate, count) in &counts {
        match fate {
            Fate::Unviable | Fate::Missed => {}
            Fate::Caught(test) => println!("{count} caught by {test}"),
            Fate::Stuck(test) => println!("{count} do not end in {test}, or end it"),
        }
    }
    let caught = viable - missed;
    let tenths = 1_000 * caught / viable.max(1);
    println!("{caught} caught ({}.{} %), {missed} missed", tenths / 10, tenths % 10);
    Ok(())
}
