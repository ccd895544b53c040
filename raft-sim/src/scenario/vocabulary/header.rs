//! The words of the header.

use super::{Help, Part, Words, words};

words! {
    /// The words that begin a header line.
    HeaderWord in Header {
        Scenario = "scenario": "scenario TITLE",
            "one sentence of what holds",
            "scenario A majority elects a leader";
        Paper = "paper": "paper SECTION[, FIGURE]",
            "where the situation is described; a § must be among the words",
            "paper §5.4.2, Figure 8";
        Servers = "servers": "servers S1 S2 …",
            "the cluster: S1 and on without gaps, 9 at most",
            "servers S1 S2 S3 S4";
        Outside = "outside": "outside SERVERS",
            "these are not in the first configuration: they boot knowing no other server, and wait to be added (§6)",
            "outside S4";
        Requires = "requires": "requires [not] CAPABILITY …",
            "the capabilities that a subject must have, or must not have; for others the scenario is skipped",
            "requires forge no-op";
        Violates = "violates": "violates PROPERTY",
            "a negative control: the last statement must violate this property, and nothing before it any",
            "violates state-machine-safety";
        SetAside = "set-aside": "set-aside PROPERTY …",
            "these properties are not judged: the replay goes on behind their violations, where it can",
            "set-aside persist-before-send";
        Settings = "settings": "settings [SERVERS] SETTING …",
            "what differs from the defaults, on these servers or on all; of two lines that set the same, the later one counts",
            "settings S1 S2 election-timeout 10..20 heartbeat 2";
        Network = "network": "network [delay A..B ms|us] [loss N%] [duplicate N%] [seed N]",
            "the network conditions while time passes, in `run` and `within`; other statements ignore them",
            "network delay 1..5 ms loss 1% duplicate 1% seed 7";
        StateMachine = "state-machine": "state-machine durable",
            "what was applied survives a crash; without this line it is rebuilt from the log",
            "state-machine durable";
        Given = "given": "given SERVERS [log TERM[:LABEL] …|none] [term N] [vote SERVER|none]",
            "what is on these servers' disks at boot: the term of each entry, currentTerm and votedFor",
            "given S1 S2 log 1 1 2:x term 3 vote S2";
    }
}

words! {
    /// The words of a `network` line.
    NetworkWord in Network {
        Delay = "delay": "delay A..B ms|us",
            "how long messages travel; 1..5 ms unless set",
            "network delay 100..900 us";
        Loss = "loss": "loss N%",
            "how many messages are lost; none unless set",
            "network loss 5%";
        Duplicate = "duplicate": "duplicate N%",
            "how many messages arrive twice; none unless set",
            "network duplicate 5%";
        Seed = "seed": "seed N",
            "the seed of all draws, those of election timeouts included; 1 unless set",
            "network seed 7";
    }
}
