// The data of a run: records as whole numbers, as `raft-sim/src/view/tape.rs` writes them. Nothing here knows Raft.

/** A run as the program wrote it. */
export interface RunData {
  version: number;
  title: string;
  subject: string;
  replay: string;
  servers: number;
  names: string[];
  members: number[];
  timeless: boolean;
  verdict: string;
  violation: Violation | null;
  violated_at: number | null;
  lanes: string[];
  requests: number[];
  conflict: Conflict | null;
  faults: string[];
  scenario: string[];
  notes: string[];
  observations: number;
  tape: { count: number; texts: string[]; entries: number[]; records: number[]; actions: number[] };
}

/** What ended a run. */
export interface Violation {
  property: string;
  section: string;
  detail: string;
  server: number;
  liveness: boolean;
}

/** Operations of clients that can't be put in order. */
export interface Conflict {
  reason: string;
  operations: { lane: number; text: string; begins: number; ends: number }[];
}

export const VERSION = 1;

/** Kinds of records, in the program's order. */
export const enum Kind {
  Booted = 0,
  Stepped = 1,
  Durable = 2,
  Sent = 3,
  Delivered = 4,
  Lost = 5,
  Held = 6,
  Crashed = 7,
  Wiped = 8,
  Lies = 9,
  Fault = 10,
  Statement = 11,
  Asked = 12,
  Answered = 13,
  Condition = 14,
  Link = 15,
  Recovered = 16,
  NotBooted = 17,
}

/** Kinds of messages. */
export const enum Body {
  RequestVote = 0,
  RequestVoteReply = 1,
  PreVote = 2,
  PreVoteReply = 3,
  AppendEntries = 4,
  AppendEntriesReply = 5,
  InstallSnapshot = 6,
  InstallSnapshotReply = 7,
  TimeoutNow = 8,
  ReadIndex = 9,
  ReadIndexReply = 10,
  Other = 11,
}

/** What a server took in a step. */
export const enum Cause {
  Tick = 0,
  Receive = 1,
  Persisted = 2,
  Apply = 3,
  Request = 4,
  Reported = 5,
}

export interface Snapshot {
  index: number;
  term: number;
  configuration: number;
}

export interface Write {
  /** currentTerm and votedFor, if they change. */
  state: { term: number; vote: number } | null;
  snapshot: Snapshot | null;
  log: { from: number; entries: number[] } | null;
}

/** The fields of a server's view, in the program's order. */
export const VIEW = ["role", "term", "vote", "commit", "applied", "leader", "snapshot", "configuration"] as const;
export type ViewField = (typeof VIEW)[number];
export type View = Record<ViewField, number>;

export type Rec =
  | {
      kind: Kind.Booted;
      server: number;
      text: number;
      view: View;
      state: { term: number; vote: number };
      snapshot: Snapshot;
      entries: number[];
    }
  | {
      kind: Kind.Stepped;
      server: number;
      cause: number;
      ref: number;
      view: Partial<View>;
      writes: Write[];
      matched: [number, number];
      texts: number[];
    }
  | { kind: Kind.Durable; server: number; write: number; text: number; part: Write | null }
  | {
      kind: Kind.Sent;
      from: number;
      to: number;
      body: number;
      term: number;
      text: number;
      held: boolean;
      copy: boolean;
      lost: number;
      original: number;
      step: number;
      takes: number;
      numbers: number[];
    }
  | { kind: Kind.Delivered; message: number }
  | { kind: Kind.Lost; message: number; why: number }
  | { kind: Kind.Held; message: number; held: boolean }
  | { kind: Kind.Crashed; server: number; lost: number; text: number }
  | { kind: Kind.Wiped; server: number; text: number }
  | { kind: Kind.Lies; server: number; lies: boolean; text: number }
  | { kind: Kind.Fault; fault: number; begins: boolean; servers: number[] }
  | { kind: Kind.Statement; line: number }
  | { kind: Kind.Asked; server: number; request: number; class: number; text: number }
  | { kind: Kind.Answered; server: number; request: number; outcome: number; text: number }
  | { kind: Kind.Condition; server: number; condition: number; on: boolean }
  | { kind: Kind.Link; from: number; to: number; change: number }
  | { kind: Kind.Recovered }
  | { kind: Kind.NotBooted; server: number; text: number };

/** Data that is not what the program wrote. */
export class Damaged extends Error {}

/** The records of a run, read one at a time. */
export class Tape {
  readonly count: number;
  /** The virtual time of each record, in microseconds. */
  readonly times: Float64Array;
  readonly kinds: Uint8Array;
  private readonly offsets: Uint32Array;
  private readonly records: number[];
  private at = 0;

  constructor(private readonly data: RunData) {
    const { count, records } = data.tape;
    this.count = count;
    this.records = records;
    this.times = new Float64Array(count);
    this.kinds = new Uint8Array(count);
    this.offsets = new Uint32Array(count + 1);
    let time = 0;
    for (let record = 0; record < count; record++) {
      this.offsets[record] = this.at;
      const kind = this.records[this.at];
      time += this.records[this.at + 1];
      this.kinds[record] = kind;
      this.times[record] = time;
      this.skip(kind, record);
    }
    this.offsets[count] = this.at;
    if (this.at !== records.length) throw new Damaged("its records do not end where they should");
  }

  /** The text of this number; empty for 0. */
  text(number: number): string {
    return number === 0 ? "" : (this.data.tape.texts[number - 1] ?? "");
  }

  /** An entry: its index, its term, the kind of its content and its text. */
  entry(number: number): { index: number; term: number; kind: number; text: string } {
    const entries = this.data.tape.entries;
    const at = (number - 1) * 4;
    return { index: entries[at], term: entries[at + 1], kind: entries[at + 2], text: this.text(entries[at + 3]) };
  }

  entryTerm(number: number): number {
    return this.data.tape.entries[(number - 1) * 4 + 1];
  }

  read(record: number): Rec {
    this.at = this.offsets[record];
    const kind = this.grab();
    this.grab();
    switch (kind) {
      case Kind.Booted: {
        const [server, text] = [this.grab(), this.grab()];
        const view = {} as View;
        for (const field of VIEW) view[field] = this.grab();
        const state = { term: this.grab(), vote: this.grab() };
        return { kind, server, text, view, state, snapshot: this.snapshot(), entries: this.list() };
      }
      case Kind.Stepped: {
        const [server, cause, ref, mask] = this.take(4);
        const view: Partial<View> = {};
        VIEW.forEach((field, bit) => {
          if (mask & (1 << bit)) view[field] = this.grab();
        });
        const writes = Array.from({ length: this.grab() }, () => this.write());
        return { kind, server, cause, ref, view, writes, matched: [this.grab(), this.grab()], texts: this.list() };
      }
      case Kind.Durable: {
        const [server, write, text, part] = this.take(4);
        return { kind, server, write, text, part: part ? this.write() : null };
      }
      case Kind.Sent: {
        const [from, to, body, term, text, flags] = this.take(6);
        const [original, step, takes] = this.take(3);
        const numbers = this.take(4);
        const [held, copy, lost] = [(flags & 1) > 0, (flags & 2) > 0, flags >> 2];
        return { kind, from, to, body, term, text, held, copy, lost, original, step, takes, numbers };
      }
      case Kind.Delivered:
        return { kind, message: this.grab() };
      case Kind.Lost:
        return { kind, message: this.grab(), why: this.grab() };
      case Kind.Held:
        return { kind, message: this.grab(), held: this.grab() > 0 };
      case Kind.Crashed:
        return { kind, server: this.grab(), lost: this.grab(), text: this.grab() };
      case Kind.Wiped:
      case Kind.NotBooted:
        return { kind, server: this.grab(), text: this.grab() };
      case Kind.Lies:
        return { kind, server: this.grab(), lies: this.grab() > 0, text: this.grab() };
      case Kind.Fault:
        return { kind, fault: this.grab(), begins: this.grab() > 0, servers: this.list() };
      case Kind.Statement:
        return { kind, line: this.grab() };
      case Kind.Asked:
        return { kind, server: this.grab(), request: this.grab(), class: this.grab(), text: this.grab() };
      case Kind.Answered:
        return { kind, server: this.grab(), request: this.grab(), outcome: this.grab(), text: this.grab() };
      case Kind.Condition:
        return { kind, server: this.grab(), condition: this.grab(), on: this.grab() > 0 };
      case Kind.Link:
        return { kind, from: this.grab(), to: this.grab(), change: this.grab() };
      case Kind.Recovered:
        return { kind };
      default:
        throw new Damaged(`record ${record} is of an unknown kind`);
    }
  }

  private grab(): number {
    return this.records[this.at++];
  }

  private take(count: number): number[] {
    this.at += count;
    return this.records.slice(this.at - count, this.at);
  }

  private list(): number[] {
    return this.take(this.grab());
  }

  private snapshot(): Snapshot {
    return { index: this.grab(), term: this.grab(), configuration: this.grab() };
  }

  private write(): Write {
    const parts = this.grab();
    const state = parts & 1 ? { term: this.grab(), vote: this.grab() } : null;
    const snapshot = parts & 2 ? this.snapshot() : null;
    const log = parts & 4 ? { from: this.grab(), entries: this.list() } : null;
    return { state, snapshot, log };
  }

  private skipList(): void {
    const length = this.grab();
    this.at += length;
  }

  private skipWrite(): void {
    const parts = this.grab();
    this.at += (parts & 1 ? 2 : 0) + (parts & 2 ? 3 : 0) + (parts & 4 ? 1 : 0);
    if (parts & 4) this.skipList();
  }

  /** Passes over a record without making anything of it. */
  private skip(kind: number, record: number): void {
    const fields = FIELDS[kind];
    if (fields === undefined || this.at + 2 > this.records.length) {
      throw new Damaged(`record ${record} of ${this.count} is not one`);
    }
    if (kind === Kind.Stepped) {
      this.at += 5;
      for (let mask = this.grab(); mask > 0; mask &= mask - 1) this.at++;
      for (let writes = this.grab(); writes > 0; writes--) this.skipWrite();
      this.at += 2;
      this.skipList();
    } else if (kind === Kind.Durable) {
      this.at += 5;
      if (this.grab()) this.skipWrite();
    } else {
      this.at += 2 + fields;
      if (kind === Kind.Booted || kind === Kind.Fault) this.skipList();
    }
    if (!(this.at <= this.records.length)) throw new Damaged(`record ${record} of ${this.count} is cut off`);
  }
}

/** The numbers of fields of records with a fixed number of them, in front of their list. */
const FIELDS = [15, 0, 0, 13, 1, 2, 2, 3, 2, 3, 2, 1, 4, 4, 3, 3, 0, 2];

/** FNV-1a of a text in ASCII, as the program makes it. */
export function sum(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}

/** Reads the data of a run. Throws `Damaged` with a sentence for the reader. */
export function read(text: string, expected: string): RunData {
  if (sum(text).toString(16).padStart(8, "0") !== expected) {
    throw new Damaged("a part of it is missing or was changed (its checksum differs)");
  }
  let data: RunData;
  try {
    data = JSON.parse(text) as RunData;
  } catch (error) {
    throw new Damaged(`it is no JSON: ${String(error)}`);
  }
  if (data.version !== VERSION) {
    throw new Damaged(`it is of version ${data.version}, and this page knows version ${VERSION}`);
  }
  return data;
}
