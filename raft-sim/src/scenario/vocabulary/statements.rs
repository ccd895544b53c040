//! The words of statements.

use super::{Help, Part, Words, words};

words! {
    /// The words that begin a statement.
    Command in Statement {
        Timeout = "timeout": "timeout SERVERS",
            "the clock of each server, in turn, ticks until its election timeout elapses: it stands for election, or \
             asks for pre-votes (§5.2)",
            "timeout S1 S2";
        Elect = "elect": "elect SERVER",
            "its election timeout elapses, all messages are delivered, and it must now be leader",
            "elect S1";
        Heartbeat = "heartbeat": "heartbeat SERVER",
            "a leader's clock ticks until it sends its heartbeats",
            "heartbeat S1";
        Tick = "tick": "tick SERVERS [N]",
            "N ticks of each server's clock; one without a number",
            "tick S1 S2 3";
        Pause = "pause": "pause SERVERS",
            "nothing reaches it, nothing leaves it, and its clock stands until it is resumed; its disk goes on",
            "pause S1";
        Resume = "resume": "resume SERVERS",
            "a server that was paused goes on: it takes first all ticks that it missed, then what arrived meanwhile",
            "resume S1";
        Clock = "clock": "clock SERVERS N%",
            "in `run` and `within` its clock runs at this rate from here on; 100% is the nominal one",
            "clock S1 150%";
        Settle = "settle": "settle",
            "messages in flight are delivered, oldest first, until none is left; no clock ticks",
            "settle";
        Run = "run": "run DURATION",
            "time passes: all clocks tick, and messages take the delays of `network`",
            "run 5 election-timeouts";
        Deliver = "deliver": "deliver LINK [KIND] [CONTENT …] [#N|all|if any]",
            "messages in flight arrive now: exactly one on each link, or the N-th oldest, or all: one or more, or \
             with `if any` none as well",
            "deliver S1 -> S2 AppendEntries entries 2 all";
        Drop = "drop": "drop LINK [KIND] [CONTENT …] [#N|all|if any]",
            "messages in flight are lost",
            "drop S1 -> S3 RequestVote";
        Duplicate = "duplicate": "duplicate LINK [KIND] [CONTENT …] [#N|all|if any]",
            "a copy of each of these messages is in flight as well",
            "duplicate S2 -> S1 RequestVoteReply granted";
        Hold = "hold": "hold LINK [KIND]",
            "messages in flight there, now or later, stay until delivered or released",
            "hold S1 -> S3 AppendEntries";
        Release = "release": "release LINK [KIND]",
            "ends the holds on these links, for one kind or for all",
            "release S1 -> S3";
        Forge = "forge": "forge S1 -> S2 KIND term N CONTENT …",
            "a message is in flight that S1 never sent",
            "forge S1 -> S2 AppendEntries term 2 prev 1/1 entries 2 commit 0";
        Crash = "crash": "crash SERVERS | crash SERVER torn N|snapshot",
            "the process dies, and loses all that its disk had not made durable; torn: of the oldest write that was not \
             durable, all is there but the entries behind the first N, or nothing but its term and vote",
            "crash S1 S2";
        Restart = "restart": "restart SERVERS",
            "it boots from what is durable",
            "restart S1 S2";
        Settings = "settings": "settings SERVERS SETTING …",
            "for servers that are down: the next boot has these settings too",
            "settings S1 heartbeat 2";
        Stall = "stall": "stall SERVER",
            "its disk makes nothing durable until it is synced or unstalled",
            "stall S1";
        Sync = "sync": "sync SERVER [newest]",
            "what a stalled disk was given so far becomes durable; newest: the server is notified of the last write only",
            "sync S1";
        Flush = "flush": "flush SERVER [N|to INDEX]",
            "N writes of a stalled disk become durable, oldest first, or one, or as many as it takes for the entry at an \
             index to be; the server is not notified of them",
            "flush S1 to 3";
        Tell = "tell": "tell SERVER [#N]",
            "the server is notified of a durable write of which it has not been: the oldest, or the N-th oldest",
            "tell S1 #2";
        Unstall = "unstall": "unstall SERVER",
            "its disk makes writes durable at once again, and catches up",
            "unstall S1";
        Lie = "lie": "lie SERVER",
            "from here on its disk reports writes as durable that its next crash loses; Raft does not survive this in general",
            "lie S1";
        Wipe = "wipe": "wipe SERVER",
            "the disk of a crashed server forgets everything; Raft does not survive this in general",
            "wipe S1";
        Partition = "partition": "partition S1 … | S2 …",
            "two servers can talk if some group has both; replaces what was cut before",
            "partition S1 S2 | S3 S4";
        Isolate = "isolate": "isolate SERVERS",
            "each of these can talk to no other server; adds to what was cut before",
            "isolate S1";
        Cut = "cut": "cut S1 -> S2 … | cut S1 -- S2 …",
            "these links lose what is sent, one way or both; adds to what was cut before",
            "cut S1 -> S2 S3";
        Heal = "heal": "heal [S1 -> S2 …|S1 -- S2 …]",
            "all links work again, or some of them",
            "heal S1 -- S2";
        Propose = "propose": "propose SERVER|leader LABEL … [session LABEL]",
            "a client hands these commands to the server, one after the other; each label is proposed once",
            "propose S1 x y";
        Retry = "retry": "retry SERVER LABEL",
            "the client of a command hands it to a server again, under the same serial number if it has a session",
            "retry S2 x";
        Register = "register": "register SERVER LABEL",
            "a client opens a session, through the log (§8)",
            "register S1 alice";
        Read = "read": "read SERVER LABEL",
            "a client asks to read, without the log (§8)",
            "read S2 r1";
        Change = "change": "change SERVER LABEL to SERVERS|none [learners SERVERS]",
            "an administrator asks for this configuration (§6)",
            "change S1 c1 to S1 S2 S3 learners S4";
        Transfer = "transfer": "transfer SERVER LABEL to SERVER",
            "an administrator asks a leader to hand over to this server (diss. §3.10)",
            "transfer S1 t1 to S2";
        Compact = "compact": "compact SERVERS",
            "each state machine takes a snapshot of what it has applied, and the log up to there is discarded (§7)",
            "compact S1 S2";
        PauseApply = "pause-apply": "pause-apply SERVER",
            "its state machine takes nothing until resumed; only with the setting apply-queue",
            "pause-apply S1";
        Apply = "apply": "apply SERVER",
            "a state machine that is paused takes what it was handed so far, and no more",
            "apply S1";
        ResumeApply = "resume-apply": "resume-apply SERVER",
            "its state machine takes what is committed again, and what was committed in between at once",
            "resume-apply S1";
        Repeat = "repeat": "repeat N STATEMENT [then STATEMENT] …",
            "these statements, one after the other, N times; none of them declares a label",
            "repeat 3 heartbeat S1 then settle";
        Expect = "expect": "expect CONDITION",
            "it holds now",
            "expect S1 leader term 1";
        Never = "never": "never CONDITION",
            "it holds at no time from here to the end",
            "never x committed";
        Reach = "reach": "reach CONDITION",
            "it holds now, or at some time before the end",
            "reach S1 candidate";
        Within = "within": "within DURATION CONDITION",
            "time passes until it holds; if that takes too long, the cluster makes no progress",
            "within 2 election-timeouts a leader";
    }
}
