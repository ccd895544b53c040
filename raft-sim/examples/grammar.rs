//! Prints the TextMate grammar of the scenario language, which is in `docs/editor`.

fn main() {
    print!("{}", raft_sim::scenario::vocabulary::grammar());
}
