// The state of a cluster, folded from records. A state can be copied; the records from a copy on lead to any later one.

import { max, min } from "./math.ts";
import { Body, Cause, Kind, VIEW, type Rec, type Snapshot, type Tape, type Write } from "./tape.ts";

export const FOLLOWER = 0;
export const CANDIDATE = 1;
export const LEADER = 2;

/** A log: what its snapshot stands for, and the numbers of the entries behind that. */
export class Log {
  constructor(
    public snapshot: Snapshot = { index: 0, term: 0, configuration: 0 },
    public entries: number[] = [],
  ) {}

  get length(): number {
    return this.snapshot.index + this.entries.length;
  }

  /** The number of the entry at an index; 0 if the log does not have it. */
  at(index: number): number {
    return this.entries[index - this.snapshot.index - 1] ?? 0;
  }

  copy(): Log {
    return new Log(this.snapshot, this.entries.slice());
  }

  apply(write: Write): void {
    if (write.snapshot) {
      const gone = max(0, write.snapshot.index - this.snapshot.index);
      this.entries.splice(0, gone);
      this.snapshot = write.snapshot;
    }
    if (write.log) {
      this.entries.length = min(this.entries.length, max(0, write.log.from - 1 - this.snapshot.index));
      for (const entry of write.log.entries) this.entries.push(entry);
    }
  }
}

export interface Disk {
  term: number;
  vote: number;
  log: Log;
}

const copyDisk = (disk: Disk): Disk => ({ ...disk, log: disk.log.copy() });

/** Names of what an action changed on a server, in the program's order. */
export const CONDITIONS = ["paused", "stalled", "failing", "frozen", "notApplying"] as const;
export type Condition = (typeof CONDITIONS)[number];
/** What is said of a server in such a condition. */
export const LABELS: Record<Condition | "lies", string> = {
  paused: "paused",
  stalled: "disk stalls",
  failing: "disk fails",
  frozen: "clock stopped",
  notApplying: "applies nothing",
  lies: "disk lies",
};

/** One server. */
export class Server {
  up = false;
  role = FOLLOWER;
  term = 0;
  vote = 0;
  commit = 0;
  applied = 0;
  leader = 0;
  snapshot = 0;
  configuration = 0;
  log = new Log();
  disk: Disk = { term: 0, vote: 0, log: new Log() };
  /** While the disk lies: what it really has. */
  truth: Disk | null = null;
  /** Writes that are not durable, oldest first, with their numbers. */
  unsynced: { write: Write; number: number }[] = [];
  conditions: Record<Condition, boolean> = { paused: false, stalled: false, failing: false, frozen: false, notApplying: false };
  /** Of a leader, for each server: what it acknowledged, and up to where entries were sent to it. */
  match: number[] = [];
  sent: number[] = [];
  /** Of a candidate or leader: the servers that granted it their votes in its term. */
  votes: number[] = [];

  copy(): Server {
    const copy = Object.assign(new Server(), this);
    copy.log = this.log.copy();
    copy.disk = copyDisk(this.disk);
    copy.truth = this.truth && copyDisk(this.truth);
    copy.unsynced = this.unsynced.slice();
    copy.conditions = { ...this.conditions };
    copy.match = this.match.slice();
    copy.sent = this.sent.slice();
    copy.votes = this.votes.slice();
    return copy;
  }
}

/** A message, with all that became of it. */
export interface Flight {
  number: number;
  from: number;
  to: number;
  body: number;
  term: number;
  text: number;
  numbers: number[];
  /** The record at which it left, the step that sent it (0 for none), the record of its end, and of the step that took it. */
  sent: number;
  step: number;
  end: number;
  took: number;
  /** 0 in flight or delivered; 1 chance, 2 cut, 3 down, 4 dropped. */
  lost: number;
  copy: boolean;
  held: boolean;
  /** True if it arrived in a later term of its receiver. */
  late: boolean;
}

export const flightOf = (rec: Rec & { kind: Kind.Sent }, record: number, number: number): Flight => ({
  number,
  from: rec.from,
  to: rec.to,
  body: rec.body,
  term: rec.term,
  text: rec.text,
  numbers: rec.numbers,
  sent: record,
  step: rec.step,
  end: rec.lost ? record : -1,
  took: -1,
  lost: rec.lost,
  copy: rec.copy,
  held: rec.held,
  late: false,
});

/** A cluster at one moment. */
export class State {
  servers: Server[];
  /** How often each direction is cut: `from * n + to`, servers from 0 on. */
  cuts: number[];

  constructor(readonly count: number) {
    this.servers = Array.from({ length: count }, () => new Server());
    this.cuts = new Array<number>(count * count).fill(0);
  }

  copy(): State {
    const copy = new State(0) as State & { count: number };
    copy.count = this.count;
    copy.servers = this.servers.map((server) => server.copy());
    copy.cuts = this.cuts.slice();
    return copy;
  }

  of(server: number): Server {
    return this.servers[server - 1];
  }

  isCut(from: number, to: number): boolean {
    return this.cuts[(from - 1) * this.count + to - 1] > 0;
  }

  /** Takes in a record. `flight` is the message that a step takes, `writes` the number of writes before it. */
  apply(rec: Rec, flight: Flight | undefined, writes: number): void {
    switch (rec.kind) {
      case Kind.Booted: {
        const server = this.of(rec.server);
        const conditions = { ...server.conditions, paused: false };
        const log = new Log(rec.snapshot, rec.entries);
        const fresh = Object.assign(new Server(), rec.view, { up: true, conditions, log, truth: server.truth });
        fresh.disk = { ...rec.state, log: log.copy() };
        this.servers[rec.server - 1] = fresh;
        break;
      }
      case Kind.Stepped:
        this.step(rec, flight, writes);
        break;
      case Kind.Durable: {
        const server = this.of(rec.server);
        const at = server.unsynced.findIndex((it) => it.number === rec.write);
        const write = rec.part ?? server.unsynced[at]?.write;
        if (at >= 0) server.unsynced.splice(at, 1);
        if (!write) break;
        if (write.state) Object.assign(server.disk, write.state);
        server.disk.log.apply(write);
        break;
      }
      case Kind.Sent:
        if (rec.body === Body.AppendEntries && !rec.copy) this.of(rec.from).sent[rec.to] = rec.numbers[0] + rec.numbers[2];
        break;
      case Kind.Crashed: {
        const server = this.of(rec.server);
        if (server.truth) server.disk = server.truth;
        const { disk, conditions } = server;
        const down = Object.assign(new Server(), { term: disk.term, vote: disk.vote, log: disk.log.copy(), disk });
        down.snapshot = disk.log.snapshot.index;
        down.conditions = { ...conditions, paused: false };
        this.servers[rec.server - 1] = down;
        break;
      }
      case Kind.Wiped:
        this.servers[rec.server - 1] = Object.assign(new Server(), { conditions: this.of(rec.server).conditions });
        break;
      case Kind.Lies: {
        const server = this.of(rec.server);
        server.truth = rec.lies ? copyDisk(server.disk) : null;
        break;
      }
      case Kind.Condition:
        this.of(rec.server).conditions[CONDITIONS[rec.condition]] = rec.on;
        break;
      case Kind.Link: {
        const at = (rec.from - 1) * this.count + rec.to - 1;
        if (rec.change === 1) this.cuts[at]++;
        else if (rec.change === 2) this.cuts[at] = max(0, this.cuts[at] - 1);
        else if (rec.change === 3) this.cuts[at] = 0;
        break;
      }
      case Kind.Recovered:
        this.cuts.fill(0);
        for (const server of this.servers) for (const condition of CONDITIONS) server.conditions[condition] = false;
        break;
      case Kind.Delivered:
      case Kind.Lost:
      case Kind.Held:
      case Kind.Fault:
      case Kind.Statement:
      case Kind.Asked:
      case Kind.Answered:
      case Kind.NotBooted:
        break;
    }
  }

  private step(rec: Rec & { kind: Kind.Stepped }, flight: Flight | undefined, writes: number): void {
    const server = this.of(rec.server);
    const { role, term } = server;
    for (const field of VIEW) {
      const value = rec.view[field];
      if (value !== undefined) server[field] = value;
    }
    rec.writes.forEach((write, at) => {
      server.log.apply(write);
      server.unsynced.push({ write, number: writes + at + 1 });
    });
    if (server.term !== term || (server.role !== role && server.role !== LEADER)) {
      server.votes = server.role === FOLLOWER ? [] : [rec.server];
      server.match = [];
      server.sent = [];
    }
    if (rec.cause === Cause.Receive && flight && flight.term === server.term && server.role !== FOLLOWER) {
      if (flight.body === Body.RequestVoteReply && flight.numbers[0] && !server.votes.includes(flight.from)) {
        server.votes.push(flight.from);
      }
      if (flight.body === Body.AppendEntriesReply && flight.numbers[0]) {
        server.match[flight.from] = max(server.match[flight.from] ?? 0, flight.numbers[1]);
      }
    }
    const [of, index] = rec.matched;
    if (of && server.role === LEADER) server.match[of] = max(server.match[of] ?? 0, index);
  }
}

/** The configuration that a server uses, as text: that of the entry in force, of its snapshot, or the first one. */
export function configuration(tape: Tape, server: Server, first: string): string {
  const entry = server.log.at(server.configuration);
  if (server.configuration && entry) return tape.entry(entry).text;
  return tape.text(server.log.snapshot.configuration) || first;
}

/** The voters of a configuration as its groups, of each of which a majority is needed: `{S1 S2}+{S2 S3, learner S4}`. */
export function voters(configuration: string): number[][] {
  const groups = configuration.match(/\{[^}]*\}/g) ?? [];
  return groups.map((group) => (group.split(", learner")[0].match(/\d+/g) ?? []).map(Number));
}

/** True if these servers are a majority of each group. */
export function isQuorum(groups: number[][], servers: number[]): boolean {
  return groups.every((group) => group.filter((server) => servers.includes(server)).length * 2 > group.length);
}
