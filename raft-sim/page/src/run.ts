// A run, read once from its beginning to its end: what is drawn of it, what is searched in it, and states on the way.

import { ceil, floor, lowerBound, max, min } from "./math.ts";
import { State, flightOf, type Condition, type Flight } from "./state.ts";
import { CONDITIONS } from "./state.ts";
import { Facts } from "./facts.ts";
import { Body, Cause, Kind, Tape, type Rec, type RunData } from "./tape.ts";

/** A stretch of a server's life in which it is drawn the same. */
export interface Band {
  from: number;
  to: number;
  up: boolean;
  role: number;
  term: number;
}

/** Something that lasts. Ends that have not come by the end of the run are its last record. */
export interface Span {
  from: number;
  to: number;
  server: number;
  what: Condition | "unsynced" | "lies";
}

/** A time in which some links were cut. */
export interface Cut {
  from: number;
  to: number;
  /** Servers that reach each other, the largest group first. */
  groups: number[][];
  /** Directions that are cut, if the groups do not say it. */
  oneWay: [number, number][];
}

export interface FaultBar {
  from: number;
  to: number;
  fault: number;
  servers: number[];
}

/** A request of a client or an administrator. */
export interface Request {
  number: number;
  from: number;
  to: number;
  server: number;
  class: number;
  text: number;
  /** 0 open, 1 done, 2 refused, 3 failed, 4 unknown. */
  outcome: number;
  answer: number;
  row: number;
}

/** An operation that can't be put in order with others, on the lane of its client. */
export interface Conflicting {
  /** The record at which it begins, and that of its end, or the last one if it may happen at any later time. */
  from: number;
  to: number;
  /** False if it may happen at any later time. */
  ended: boolean;
  row: number;
  text: string;
}

const LOSSES = ["", "by chance", "its link is cut", "its receiver is down", "dropped"];

export class Run {
  readonly tape: Tape;
  readonly count: number;
  /** The records that the cursor stops at, and for each record the number of moments up to it. */
  readonly moments: number[] = [];
  readonly rank: Uint32Array;
  readonly bands: Band[][];
  readonly spans: Span[] = [];
  readonly cuts: Cut[] = [];
  readonly faults: FaultBar[] = [];
  readonly requests: Request[] = [];
  readonly conflict: Conflicting[];
  readonly flights: Flight[] = [];
  /** Places of flights by the records at which they left, in order. */
  readonly facts: Facts;
  readonly violation: number;
  readonly rows: number;
  private readonly checkpoints: { record: number; state: State; flights: number; writes: number }[] = [];
  private readonly every: number;

  constructor(readonly data: RunData) {
    this.tape = new Tape(data);
    this.count = this.tape.count;
    this.rank = new Uint32Array(this.count);
    this.bands = Array.from({ length: data.servers }, () => []);
    this.every = max(256, ceil(this.count / 256));
    this.facts = new Facts(this.tape, data.servers, this.firstConfiguration);
    const rows: number[] = [];
    const open = new Map<string, Span>();
    const bars = new Map<number, FaultBar>();
    const asked = new Map<number, Request>();
    const state = new State(data.servers);
    let writes = 0;
    let cut: Cut | undefined;
    const last = this.count - 1;
    for (let record = 0; record < this.count; record++) {
      if (record % this.every === 0) {
        this.checkpoints.push({ record, state: state.copy(), flights: this.flights.length, writes });
      }
      const rec = this.tape.read(record);
      if (isMoment(rec) || !data.servers) this.moments.push(record);
      this.rank[record] = this.moments.length;
      const flight = rec.kind === Kind.Stepped && rec.cause === Cause.Receive ? this.flights[rec.ref - 1] : undefined;
      this.facts.before(rec, state);
      state.apply(rec, flight, writes);
      this.facts.after(rec, record, state, flight);
      if (rec.kind === Kind.Stepped) writes += rec.writes.length;
      switch (rec.kind) {
        case Kind.Sent:
          this.flights.push(flightOf(rec, record, this.flights.length + 1));
          break;
        case Kind.Delivered:
          this.flights[rec.message - 1].end = record;
          break;
        case Kind.Lost:
          Object.assign(this.flights[rec.message - 1], { end: record, lost: rec.why });
          break;
        case Kind.Held:
          this.flights[rec.message - 1].held = true;
          break;
        case Kind.Stepped:
          if (flight) {
            flight.took = record;
            flight.late = flight.term < state.of(rec.server).term && flight.body !== Body.PreVote;
          }
          break;
        case Kind.Fault:
          if (rec.begins) {
            const bar = { from: record, to: last, fault: rec.fault, servers: rec.servers };
            bars.set(rec.fault, bar);
            this.faults.push(bar);
          } else {
            const bar = bars.get(rec.fault);
            if (bar) bar.to = record;
          }
          break;
        case Kind.Asked: {
          const free = rows.findIndex((until) => until < record);
          const packed = free >= 0 ? free : rows.length;
          const row = data.requests[rec.request - 1] ?? data.lanes.length + packed;
          if (row >= data.lanes.length) rows[packed] = last + 1;
          const request = {
            number: rec.request,
            from: record,
            to: last,
            server: rec.server,
            class: rec.class,
            text: rec.text,
            outcome: 0,
            answer: 0,
            row,
          };
          asked.set(rec.request, request);
          this.requests.push(request);
          break;
        }
        case Kind.Answered: {
          const request = asked.get(rec.request);
          if (request) {
            Object.assign(request, { to: record, outcome: rec.outcome, answer: rec.text });
            if (request.row >= data.lanes.length) rows[request.row - data.lanes.length] = record;
          }
          break;
        }
        case Kind.Link:
        case Kind.Recovered:
          if (cut) cut.to = record;
          cut = cutOf(state, record, last);
          if (cut && rec.kind === Kind.Link && this.cuts.at(-1)?.from === record - 1) this.cuts.pop();
          if (cut) this.cuts.push(cut);
          break;
        default:
          break;
      }
      this.trackBands(rec, record, state, last);
      this.trackSpans(rec, record, state, last, open);
    }
    this.facts.settle(state);
    this.rows = data.lanes.length + rows.length;
    this.violation = data.violation ? (data.violated_at ?? this.moments.at(-1) ?? 0) : -1;
    this.conflict = (data.conflict?.operations ?? []).map(({ lane, text, begins, ends }) => ({
      from: asked.get(begins)?.from ?? 0,
      to: asked.get(ends)?.to ?? last,
      ended: ends > 0,
      row: lane,
      text,
    }));
  }

  /** The first configuration as text. */
  get firstConfiguration(): string {
    return `{${this.data.members.map((server) => `S${server}`).join(" ")}}`;
  }

  private trackBands(rec: Rec, record: number, state: State, last: number): void {
    if (!("server" in rec) && rec.kind !== Kind.Recovered) return;
    const id = "server" in rec ? rec.server : 0;
    if (!id) return;
    const { up, role, term } = state.of(id);
    const bands = this.bands[id - 1];
    const band = bands.at(-1);
    if (band && band.up === up && band.role === role && band.term === term) return;
    if (band) band.to = record;
    bands.push({ from: record, to: last, up, role, term });
  }

  private trackSpans(rec: Rec, record: number, state: State, last: number, open: Map<string, Span>): void {
    const track = (server: number, what: Span["what"], on: boolean): void => {
      const key = `${server} ${what}`;
      const span = open.get(key);
      if (on && !span) {
        const begun = { from: record, to: last, server, what };
        open.set(key, begun);
        this.spans.push(begun);
      } else if (!on && span) {
        span.to = record;
        open.delete(key);
      }
    };
    const all = rec.kind === Kind.Recovered;
    const ids = all ? state.servers.map((_, at) => at + 1) : "server" in rec && rec.server ? [rec.server] : [];
    for (const id of ids) {
      const server = state.of(id);
      if (rec.kind === Kind.Stepped || rec.kind === Kind.Durable || rec.kind === Kind.Crashed) {
        track(id, "unsynced", server.unsynced.length > 0);
      }
      if (rec.kind === Kind.Condition || rec.kind === Kind.Crashed || all) {
        for (const condition of CONDITIONS) track(id, condition, server.conditions[condition]);
      }
      if (rec.kind === Kind.Lies || rec.kind === Kind.Crashed) track(id, "lies", server.truth !== null);
    }
  }

  /** The role and term of a server after a record. */
  bandAt(server: number, record: number): Band {
    const bands = this.bands[server - 1];
    return bands[max(0, lowerBound(bands, (band) => band.from, record + 1) - 1)];
  }

  /** The state after a record. */
  stateAt(record: number): State {
    const from = this.checkpoints[floor(max(0, record) / this.every)];
    const state = from.state.copy();
    let writes = from.writes;
    for (let at = from.record; at <= record; at++) {
      const rec = this.tape.read(at);
      state.apply(rec, rec.kind === Kind.Stepped ? this.flights[rec.ref - 1] : undefined, writes);
      if (rec.kind === Kind.Stepped) writes += rec.writes.length;
    }
    return state;
  }

  /** The messages in flight after a record, oldest first. */
  inFlight(record: number): Flight[] {
    const all = [];
    for (const flight of this.flights) {
      if (flight.sent > record) break;
      if (!flight.lost ? flight.end < 0 || flight.end > record : flight.end > record) all.push(flight);
    }
    return all;
  }

  /** The moment at a record, or the last one before it. */
  momentAt(record: number): number {
    return this.moments[max(0, (this.rank[min(max(0, record), this.count - 1)] ?? 1) - 1)] ?? 0;
  }

  /** The place of a moment among all, from 0 on. */
  placeOf(record: number): number {
    return max(0, this.rank[record] - 1);
  }

  name(server: number): string {
    return `S${server}`;
  }

  /** A record in words: who, and what. */
  words(record: number): { who: string; what: string } {
    const rec = this.tape.read(record);
    const text = (number: number): string => this.tape.text(number);
    switch (rec.kind) {
      case Kind.Booted:
        return { who: this.name(rec.server), what: text(rec.text) || "boots" };
      case Kind.Stepped: {
        const flight = rec.cause === Cause.Receive ? this.flights[rec.ref - 1] : undefined;
        const [first, ...rest] = rec.texts.map(text);
        const who = flight ? `${this.name(rec.server)} ← ${this.name(flight.from)}` : this.name(rec.server);
        const taken =
          rec.cause === Cause.Persisted ||
          rec.cause === Cause.Apply ||
          rest.length === 0 ||
          (!flight && rec.cause === Cause.Tick && !/elapses/.test(first ?? ""));
        if (first === undefined) {
          const quiet =
            rec.cause === Cause.Tick ? "its clock ticks" : rec.cause === Cause.Persisted ? "its write is durable" : "goes on";
          return { who, what: quiet };
        }
        return { who, what: taken ? [first, ...rest].join(", ") : `${first}: ${rest.join(", ")}` };
      }
      case Kind.Durable:
        return { who: this.name(rec.server), what: text(rec.text) || "durable" };
      case Kind.Sent:
        return {
          who: `${this.name(rec.from)} → ${this.name(rec.to)}`,
          what: `${text(rec.text)}${rec.lost ? `: lost, ${LOSSES[rec.lost]}` : ""}`,
        };
      case Kind.Delivered:
      case Kind.Held:
      case Kind.Lost: {
        const flight = this.flights[rec.message - 1];
        const who = `${this.name(flight.from)} → ${this.name(flight.to)}`;
        const fate =
          rec.kind === Kind.Delivered
            ? "arrives"
            : rec.kind === Kind.Held
              ? rec.held
                ? "is held back"
                : "is released"
              : `is lost: ${LOSSES[rec.why]}`;
        return { who, what: `${text(flight.text)} ${fate}` };
      }
      case Kind.Crashed:
      case Kind.Wiped:
      case Kind.Lies:
      case Kind.NotBooted:
        return { who: this.name(rec.server), what: text(rec.text) };
      case Kind.Fault: {
        const what = this.data.faults[rec.fault] ?? "a fault";
        const hit = rec.servers.length ? ` (${rec.servers.map((id) => this.name(id)).join(" ")})` : "";
        return { who: "fault", what: rec.begins ? `${what}${hit}` : `ends: ${what}` };
      }
      case Kind.Statement:
        return { who: `line ${rec.line}`, what: (this.data.scenario[rec.line - 1] ?? "").replace(/\s+/g, " ") };
      case Kind.Asked:
      case Kind.Answered: {
        const what = text(rec.text);
        // In a history the text names the client.
        const [who, rest] = what.split(/: (.*)/s);
        if (!rec.server) return { who, what: rest };
        return { who: (rec.kind === Kind.Asked ? "client → " : "") + this.name(rec.server), what };
      }
      case Kind.Condition: {
        const [begins, ends] = CONDITION_WORDS[CONDITIONS[rec.condition]];
        return { who: this.name(rec.server), what: rec.on ? begins : ends };
      }
      case Kind.Link:
        return { who: `${this.name(rec.from)} → ${this.name(rec.to)}`, what: LINK_WORDS[rec.change] ?? "" };
      case Kind.Recovered:
        return { who: "all", what: "the faults end: links are whole, disks and clocks as they should be" };
    }
  }

  /** The time of a record for a reader; its number where there is no time. */
  time(record: number): string {
    const time = this.tape.times[record] ?? 0;
    return this.hasTime ? `${(time / 1000).toFixed(3)} ms` : `step ${this.placeOf(record) + 1}`;
  }

  /** True if time passed. */
  get hasTime(): boolean {
    return this.count > 0 && this.tape.times[this.count - 1] > 0;
  }
}

const CONDITION_WORDS: Record<Condition, [string, string]> = {
  paused: ["is paused: nothing reaches it", "is scheduled again"],
  stalled: ["its disk stalls", "its disk goes on"],
  failing: ["its disk fails at the next write", "its disk works again"],
  frozen: ["its clock stops", "its clock goes on"],
  notApplying: ["its state machine pauses", "its state machine goes on"],
};

const LINK_WORDS = [
  "",
  "the link is cut",
  "one cut of the link ends",
  "the link is whole",
  "messages are held back",
  "held messages are released",
  "messages are slower",
  "messages are as fast as before",
];

function isMoment(rec: Rec): boolean {
  switch (rec.kind) {
    case Kind.Durable:
      return rec.text > 0;
    case Kind.Sent:
    case Kind.Delivered:
    case Kind.Held:
    case Kind.Asked:
    case Kind.Answered:
      return false;
    case Kind.Link:
      return rec.change <= 3;
    default:
      return true;
  }
}

/** The groups into which cuts divide the servers; nothing if every link is whole. */
function cutOf(state: State, record: number, last: number): Cut | undefined {
  if (!state.cuts.some((count) => count > 0)) return undefined;
  const ids = state.servers.map((_, at) => at + 1);
  const groups: number[][] = [];
  const seen = new Set<number>();
  const linked = (one: number, other: number): boolean => !state.isCut(one, other) || !state.isCut(other, one);
  for (const id of ids) {
    if (seen.has(id)) continue;
    const group = [id];
    seen.add(id);
    for (const member of group) {
      for (const other of ids) {
        if (!seen.has(other) && linked(member, other)) {
          seen.add(other);
          group.push(other);
        }
      }
    }
    groups.push(group.sort((one, other) => one - other));
  }
  groups.sort((one, other) => other.length - one.length);
  const oneWay: [number, number][] = [];
  for (const from of ids) {
    for (const to of ids) {
      const together = groups.some((group) => group.includes(from) && group.includes(to));
      if (together && state.isCut(from, to)) oneWay.push([from, to]);
    }
  }
  return { from: record, to: last, groups, oneWay };
}
