// What did what in a run, for the question why: who led, voted, wrote and committed, and which acts do not go together.
// A doubt is raised of an act that no server should do by Figure 2; it only guides the way back from a violation.

import { max, min } from "./math.ts";
import { CANDIDATE, FOLLOWER, LEADER, configuration, isQuorum, voters, type Flight, type Server, type State } from "./state.ts";
import { Body, Cause, Kind, type Rec, type Tape } from "./tape.ts";

/** An act that does not go together with others. */
export interface Doubt {
  why: string;
  /** The records that it contradicts. */
  against: number[];
}

/** What one server did, by records in order. */
export interface Acts {
  steps: number[];
  /** Steps in which it wrote to its log. */
  logs: number[];
  /** Crashes and boots. */
  lives: number[];
}

export class Facts {
  readonly acts: Acts[];
  readonly doubts = new Map<number, Doubt>();
  /** The records at which servers became leader, by term; at which a server stood, or voted, by server and term. */
  readonly leaders = new Map<number, { server: number; record: number }[]>();
  readonly stood = new Map<string, number>();
  readonly voted = new Map<string, { record: number; candidate: number }[]>();
  /** The first record at which any server had committed an index, with the entry. */
  readonly committed: { record: number; entry: number; server: number; term: number }[] = [];
  /** For each write, the step that issued it. */
  readonly writes: number[] = [0];
  /** The record at which each entry was first in a log. */
  readonly created = new Map<number, number>();
  /** The first entry seen of an index and a term. */
  private readonly known = new Map<string, number>();
  /** For each server and index, the step that advanced commitIndex there: server, then pairs of index and record. */
  readonly commits: { index: number; record: number }[][];
  private readonly before_: {
    role: number;
    term: number;
    vote: number;
    commit: number;
    length: number;
    lastTerm: number;
    up: boolean;
  }[];
  /** The votes that were sent: server, term, candidate. */
  private readonly heard = new Set<string>();
  private readonly unsure: { server: number; step: number; why: string; holds: (server: Server) => boolean }[] = [];
  private cut: { from: number; removed: number[] } | null = null;

  constructor(
    private readonly tape: Tape,
    count: number,
    private readonly first: string,
  ) {
    this.acts = Array.from({ length: count }, () => ({ steps: [], logs: [], lives: [] }));
    this.commits = Array.from({ length: count }, () => []);
    this.before_ = Array.from({ length: count }, () => ({
      role: 0,
      term: 0,
      vote: 0,
      commit: 0,
      length: 0,
      lastTerm: 0,
      up: false,
    }));
  }

  private doubt(record: number, why: string, against: number[] = []): void {
    const known = this.doubts.get(record);
    const others = against.filter((other) => other !== record);
    if (known) known.against.push(...others);
    else this.doubts.set(record, { why, against: others });
  }

  /** Notes what stands before a record. */
  before(rec: Rec, state: State): void {
    this.cut = null;
    if (rec.kind !== Kind.Stepped) return;
    this.settle(state);
    const server = state.of(rec.server);
    const { role, term, vote, commit, up, log } = server;
    this.before_[rec.server - 1] = { role, term, vote, commit, up, length: log.length, lastTerm: this.lastTerm(server) };
    for (const { log: write } of rec.writes) {
      if (write && write.from <= log.length) {
        const from = max(0, write.from - 1 - log.snapshot.index);
        this.cut = { from: max(write.from, log.snapshot.index + 1), removed: log.entries.slice(from) };
        break;
      }
    }
  }

  private lastTerm(server: Server): number {
    const last = server.log.entries.at(-1);
    return last ? this.tape.entryTerm(last) : server.log.snapshot.term;
  }

  /** At the end of a step: a disk that takes no time has made durable what messages rest on, or they rest on nothing. */
  settle(state: State): void {
    for (const { server, step, why, holds } of this.unsure.splice(0)) if (!holds(state.of(server))) this.doubt(step, why);
  }

  /** Notes what a record did. */
  after(rec: Rec, record: number, state: State, flight: Flight | undefined): void {
    switch (rec.kind) {
      case Kind.Booted: {
        this.acts[rec.server - 1].lives.push(record);
        const server = state.of(rec.server);
        server.log.entries.forEach((entry) => this.enters(entry, record, false));
        if (server.vote) this.votes(rec.server, server.term, server.vote, record, false);
        break;
      }
      case Kind.Crashed:
        this.acts[rec.server - 1].lives.push(record);
        break;
      case Kind.Wiped:
        this.acts[rec.server - 1].lives.push(record);
        this.doubt(record, "its disk loses what other servers rely on");
        break;
      case Kind.Lies:
        if (rec.lies) {
          this.acts[rec.server - 1].lives.push(record);
          this.doubt(record, "its disk reports writes as durable that are not");
        }
        break;
      case Kind.Stepped:
        this.acts[rec.server - 1].steps.push(record);
        this.stepped(rec, record, state, flight);
        break;
      case Kind.Sent:
        if (!rec.copy && rec.step) this.sends(rec, state);
        break;
      default:
        break;
    }
  }

  private votes(server: number, term: number, candidate: number, record: number, judged: boolean): void {
    const key = `${server} ${term}`;
    const known = this.voted.get(key) ?? [];
    const same = known.find((vote) => vote.candidate === candidate);
    if (same) return;
    // A vote that a crash took before anybody heard of it was never given.
    const life = this.acts[server - 1].lives.at(-1) ?? 0;
    const given = (vote: { record: number; candidate: number }): boolean =>
      vote.record > life || this.heard.has(`${key} ${vote.candidate}`);
    const others = known.filter((vote) => vote.candidate !== candidate && given(vote));
    known.push({ record, candidate });
    this.voted.set(key, known);
    if (judged && others.length) {
      const before = others.map((vote) => `S${vote.candidate}`).join(" and ");
      this.doubt(
        record,
        `votes a second time in term ${term}: for S${candidate}, after ${before}`,
        others.map((vote) => vote.record),
      );
    }
  }

  /** An entry is in a log. */
  private enters(entry: number, record: number, judged: boolean): void {
    if (this.created.has(entry)) return;
    this.created.set(entry, record);
    const { index, term } = this.tape.entry(entry);
    const key = `${index}/${term}`;
    const other = this.known.get(key);
    if (other === undefined) this.known.set(key, entry);
    else if (judged)
      this.doubt(record, `writes another entry ${key} than the one that is there`, [this.created.get(other) ?? record]);
  }

  private stepped(rec: Rec & { kind: Kind.Stepped }, record: number, state: State, flight: Flight | undefined): void {
    const id = rec.server;
    const before = this.before_[id - 1];
    const server = state.of(id);
    for (const write of rec.writes) {
      this.writes.push(record);
      if (write.log) {
        if (this.acts[id - 1].logs.at(-1) !== record) this.acts[id - 1].logs.push(record);
        write.log.entries.forEach((entry) => this.enters(entry, record, true));
      }
    }
    if (server.term < before.term) this.doubt(record, `goes back from term ${before.term} to ${server.term}`);
    if (server.commit < before.commit) {
      this.doubt(record, `commit goes back from ${before.commit} to ${server.commit}`, this.commitsOf(id, before.commit));
    }
    if (server.role === CANDIDATE && (before.role !== CANDIDATE || before.term !== server.term)) {
      this.stood.set(`${id} ${server.term}`, record);
    }
    if (server.vote && (server.vote !== before.vote || server.term !== before.term)) {
      this.votes(id, server.term, server.vote, record, true);
      this.checkVote(id, server, before, record, flight);
    } else if (!server.vote && before.vote && server.term === before.term) {
      this.doubt(record, `forgets its vote for S${before.vote} in term ${server.term}`);
    }
    if (server.role === LEADER && (before.role !== LEADER || before.term !== server.term))
      this.leads(id, server, record, rec.cause);
    this.checkLog(server, before, record, flight);
    if (server.commit > before.commit) this.advances(id, server, before.commit, record, rec.cause, flight);
  }

  private leads(id: number, server: Server, record: number, cause: number): void {
    const all = this.leaders.get(server.term) ?? [];
    const others = all.filter((other) => other.server !== id);
    all.push({ server: id, record });
    this.leaders.set(server.term, all);
    if (others.length) {
      this.doubt(
        record,
        `leads term ${server.term}, which S${others[0].server} leads, too`,
        others.map((other) => other.record),
      );
    }
    this.completes(server, record);
    if (cause === Cause.Reported) return;
    const groups = voters(configuration(this.tape, server, this.first));
    if (!isQuorum(groups, server.votes) && groups.some((group) => group.length > 0)) {
      this.doubt(record, `leads with the votes of ${server.votes.map((vote) => `S${vote}`).join(" ") || "nobody"} alone`);
    }
  }

  /** A leader has what was committed in lower terms (§5.4): if it has the last of it, it has all. */
  private completes(server: Server, record: number): void {
    for (let index = this.committed.length - 1; index > server.log.snapshot.index; index--) {
      const known = this.committed[index];
      if (!known || known.term >= server.term) continue;
      if (server.log.at(index) !== known.entry) {
        this.doubt(record, `leads without ${index}/${this.tape.entryTerm(known.entry)}, which is committed`, [known.record]);
      }
      return;
    }
  }

  /** A vote goes to a candidate whose log is at least as up-to-date (§5.4.1). */
  private checkVote(
    id: number,
    server: Server,
    before: { lastTerm: number; length: number },
    record: number,
    flight: Flight | undefined,
  ): void {
    if (!flight || flight.body !== Body.RequestVote || flight.from !== server.vote || server.vote === id) return;
    const [index, term] = flight.numbers;
    if (term < before.lastTerm || (term === before.lastTerm && index < before.length)) {
      const own = before.length ? `${before.length}/${before.lastTerm}` : "nothing";
      this.doubt(
        record,
        `votes for S${flight.from}, whose log ends with ${index}/${term}, and its own with ${own}`,
        this.acts[id - 1].logs.slice(-1),
      );
    }
  }

  private checkLog(server: Server, before: { role: number; term: number }, record: number, flight: Flight | undefined): void {
    const cut = this.cut;
    if (!cut) return;
    const gone = cut.removed.findIndex(
      (entry, at) => server.log.at(cut.from + at) !== entry && cut.from + at > server.log.snapshot.index,
    );
    if (gone < 0) return;
    const index = cut.from + gone;
    if (before.role === LEADER && server.role === LEADER && before.term === server.term) {
      this.doubt(record, `removes ${index} from its own log while it leads`);
    }
    const committed = this.committed[index];
    // A server that has not heard of the term in which it was committed does not count for it.
    if (committed && committed.entry === cut.removed[gone] && committed.term <= server.term) {
      this.doubt(record, `removes ${index}/${this.tape.entryTerm(committed.entry)}, which is committed`, [committed.record]);
    } else if (flight?.body === Body.AppendEntries && this.covers(flight, index)) {
      this.doubt(record, `removes ${index}, which its leader's message does not contradict`, [flight.step]);
    }
  }

  /** True if a message has nothing against an entry: it is behind all that the message carries. */
  private covers(flight: Flight, index: number): boolean {
    const [prev, , entries] = flight.numbers;
    return index > prev + entries && entries === 0;
  }

  private advances(id: number, server: Server, from: number, record: number, cause: number, flight: Flight | undefined): void {
    const to = min(server.commit, server.log.length);
    this.commits[id - 1].push({ index: server.commit, record });
    if (server.commit > server.log.length)
      this.doubt(record, `commits ${server.commit}, and its log ends at ${server.log.length}`);
    for (let index = max(from, server.log.snapshot.index) + 1; index <= to; index++) {
      const entry = server.log.at(index);
      const known = this.committed[index];
      if (!known) this.committed[index] = { record, entry, server: id, term: server.term };
      else if (known.entry !== entry) {
        const own = this.created.get(entry);
        this.doubt(
          record,
          `commits ${index}/${this.tape.entryTerm(entry)}, where S${known.server} committed ${index}/${this.tape.entryTerm(known.entry)}`,
          [known.record, ...(own === undefined ? [] : [own])],
        );
        return;
      }
    }
    if (cause === Cause.Reported) return;
    if (server.role === LEADER) {
      const last = server.log.at(server.commit);
      if (last && this.tape.entryTerm(last) < server.term) {
        this.doubt(record, `commits ${server.commit}/${this.tape.entryTerm(last)} of an older term by counting copies`);
        return;
      }
      const groups = voters(configuration(this.tape, server, this.first));
      const holds = Array.from(this.acts, (_, at) => at + 1).filter(
        (other) => (other === id ? server.disk.log.length : (server.match[other] ?? 0)) >= server.commit,
      );
      if (!isQuorum(groups, holds)) {
        this.doubt(
          record,
          `commits ${server.commit}, which only ${holds.map((other) => `S${other}`).join(" ") || "nobody"} acknowledged`,
        );
      }
    } else if (server.role === FOLLOWER && flight?.body === Body.AppendEntries) {
      const [prev, , entries, commit] = flight.numbers;
      if (server.commit > min(commit, prev + entries)) {
        this.doubt(record, `commits ${server.commit}, and knows its log to match up to ${min(commit, prev + entries)}`);
      }
    }
  }

  /** A message must not rest on what is not durable, or not so. */
  private sends(rec: Rec & { kind: Kind.Sent }, state: State): void {
    const server = state.of(rec.from);
    const { from, to, term, step } = rec;
    if (rec.body === Body.RequestVote) this.heard.add(`${from} ${term} ${from}`);
    if (!server.up || term !== server.term || !rec.numbers[0]) return;
    if (rec.body === Body.RequestVoteReply) {
      this.heard.add(`${from} ${term} ${to}`);
      const why = `sends its vote for S${to} in term ${term}, which is not on its disk`;
      const holds = ({ disk }: Server): boolean => disk.term > term || (disk.term === term && disk.vote === to);
      const given = this.voted.get(`${from} ${term}`)?.find((vote) => vote.candidate === to)?.record ?? step;
      this.unsure.push({ server: from, step: given, why, holds });
    } else if (rec.body === Body.AppendEntriesReply) {
      const index = rec.numbers[1];
      if (index > server.log.length) {
        this.doubt(step, `acknowledges entries up to ${index}, and its log ends at ${server.log.length}`);
        return;
      }
      const entry = server.log.at(index);
      const why = `acknowledges entries up to ${index}, which are not on its disk`;
      const holds = ({ disk }: Server): boolean => disk.log.at(index) === entry || disk.log.snapshot.index >= index;
      this.unsure.push({ server: from, step, why, holds });
    }
  }

  /** The step by which a server's commitIndex came to an index. */
  commitsOf(server: number, index: number): number[] {
    const step = this.commits[server - 1].find((commit) => commit.index >= index);
    return step ? [step.record] : [];
  }
}
