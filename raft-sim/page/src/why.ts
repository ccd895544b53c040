// Why: the way back from a step along messages, writes, votes and crashes to the acts that do not go together.

import { lowerBound } from "./math.ts";
import { LEADER } from "./state.ts";
import { Body, Cause, Kind } from "./tape.ts";
import type { Run } from "./run.ts";

/** A cause of a record. */
export interface Link {
  /** The earlier record. */
  to: number;
  /** How it leads to the later one, in a few words. */
  how: string;
  /** How much it says, from 1 to 10. */
  weight: number;
}

/** The records that have room when a chain is shown: its steps, and operations that can't be put in order. */
export function roomFor(run: Run, chain: Chain | null, asked: number): number[] {
  const conflict = asked === run.violation ? run.conflict : [];
  const records = [...(chain?.steps ?? []).map((step) => step.record), ...conflict.flatMap(({ from, to }) => [from, to])];
  return records.sort((one, other) => one - other);
}

export interface Chain {
  /** The steps, the latest first, each with how it leads to a later one of them. */
  steps: { record: number; how: string; leads: number; remark: string }[];
  /** The record at which it goes wrong; -1 if nothing wrong was found. */
  origin: number;
}

/** The steps of a chain at most. */
const MOST = 12;
/** The steps that are looked at for one. */
const FAR = 1500;

/** The causes of a record, the most telling first. */
export function causes(run: Run, record: number): Link[] {
  const links: Link[] = [];
  const add = (to: number | undefined, how: string, weight: number): void => {
    if (to !== undefined && to >= 0 && to < record && !links.some((link) => link.to === to)) links.push({ to, how, weight });
  };
  const { facts, tape } = run;
  for (const other of facts.doubts.get(record)?.against ?? []) add(other, "does not go together with it", 10);
  const rec = tape.read(record);
  const latest = (list: number[]): number | undefined => list[lowerBound(list, (it) => it, record) - 1];
  // A notice of a disk that only lets a message go stands for the step that wrote.
  const source = (step: number): number | undefined => {
    const other = step ? tape.read(step) : undefined;
    const quiet =
      other?.kind === Kind.Stepped && other.cause === Cause.Persisted && other.texts.length === 0 && !facts.doubts.has(step);
    return quiet ? facts.writes[other.ref] : step || undefined;
  };
  if (rec.kind === Kind.Stepped) {
    const acts = facts.acts[rec.server - 1];
    const flight = rec.cause === Cause.Receive ? run.flights[rec.ref - 1] : undefined;
    if (flight) add(source(flight.step), `sends ${name(flight.body)}`, 6);
    if (rec.cause === Cause.Persisted) add(facts.writes[rec.ref], "issues the write", 6);
    const server = run.bandAt(rec.server, record);
    const commit = rec.view.commit ?? 0;
    if (rec.view.role === LEADER) {
      add(facts.stood.get(`${rec.server} ${server.term}`), "stands for election", 5);
      for (const vote of taken(run, rec.server, record, Body.RequestVoteReply, server.term)) {
        if (vote.numbers[0]) add(source(vote.step), `votes for S${rec.server}`, 7);
      }
      // In a trace there are no messages: votes are known by what the voters reported.
      for (let other = 1; rec.cause === Cause.Reported && other <= run.data.servers; other++) {
        const vote = facts.voted.get(`${other} ${server.term}`)?.find((it) => it.candidate === rec.server);
        if (other !== rec.server) add(vote?.record, `votes for S${rec.server}`, 7);
      }
    } else if (server.role === LEADER && (rec.view.commit !== undefined || rec.writes.length > 0)) {
      const led = facts.leaders.get(server.term)?.find((it) => it.server === rec.server);
      add(led?.record, "leads the term", 4);
    }
    if (rec.view.commit !== undefined && server.role === LEADER) {
      for (const reply of taken(run, rec.server, record, Body.AppendEntriesReply, server.term)) {
        if (reply.numbers[0] && reply.numbers[1] >= commit) add(source(reply.step), "acknowledges it", 6);
      }
    }
    if (rec.cause === Cause.Reported) {
      if (rec.view.vote) add(facts.stood.get(`${rec.view.vote} ${server.term}`), "stands for election", 6);
      if (commit) add(facts.committed[commit]?.record, "commits it", 5);
    }
    const life = latest(acts.lives);
    if (life !== undefined && tape.kinds[life] === Kind.Lies) add(life, "its disk lies", 6);
    if (life !== undefined && tape.kinds[life] === Kind.Booted && life > 0) {
      const before = acts.lives[acts.lives.indexOf(life) - 1];
      add(life, "its latest start", before === undefined ? 1 : tape.kinds[before] === Kind.Wiped ? 6 : 4);
    }
    if (rec.view.vote !== undefined || rec.writes.length > 0 || rec.view.role !== undefined)
      add(latest(acts.logs), "what its log is", 3);
    add(latest(acts.steps), "its step before", 1);
  } else if ("server" in rec) {
    const acts = facts.acts[rec.server - 1];
    const life = latest(acts.lives);
    const kind = life === undefined ? Kind.Booted : tape.kinds[life];
    if (life !== acts.lives[0]) add(life, "before it started", kind === Kind.Wiped ? 6 : 5);
    add(latest(acts.steps), "its step before", rec.kind === Kind.Crashed ? 4 : 2);
  } else if (rec.kind === Kind.Statement) {
    for (const acts of facts.acts) add(source(latest(acts.steps) ?? 0), "its last step", 4);
  } else if (rec.kind === Kind.Lost) {
    add(source(run.flights[rec.message - 1].step), "sends it", 6);
  }
  return links.sort((one, other) => other.weight - one.weight);
}

/** The messages of a kind that a server took in a term before a record, the latest of each sender. */
function taken(run: Run, server: number, record: number, body: number, term: number): { step: number; numbers: number[] }[] {
  const steps = run.facts.acts[server - 1].steps;
  const found = new Map<number, { step: number; numbers: number[] }>();
  for (let at = steps.length - 1, looked = 0; at >= 0 && looked < 600; at--) {
    if (steps[at] > record) continue;
    looked++;
    const rec = run.tape.read(steps[at]);
    if (rec.kind !== Kind.Stepped) continue;
    if (rec.view.term === term && steps[at] < record) break;
    const flight = rec.cause === Cause.Receive ? run.flights[rec.ref - 1] : undefined;
    if (flight?.body === body && flight.term === term && flight.step && !found.has(flight.from)) found.set(flight.from, flight);
  }
  return [...found.values()];
}

/** The chain of causes of a record. */
export function why(run: Run, record: number): Chain {
  const { doubts } = run.facts;
  const cost = new Map<number, { cost: number; link: Link | null; from: number }>();
  cost.set(record, { cost: 0, link: null, from: record });
  const open = [record];
  const wrong: number[] = doubts.has(record) ? [record] : [];
  const closed = new Set<number>();
  const context: number[] = [];
  while (open.length && closed.size < FAR && wrong.length < 4) {
    let best = 0;
    for (let at = 1; at < open.length; at++) if (price(cost, open[at]) < price(cost, open[best])) best = at;
    const [next] = open.splice(best, 1);
    if (closed.has(next)) continue;
    closed.add(next);
    context.push(next);
    for (const link of causes(run, next)) {
      const total = price(cost, next) + 11 - link.weight;
      if (total >= price(cost, link.to)) continue;
      cost.set(link.to, { cost: total, link, from: next });
      open.push(link.to);
      if (doubts.has(link.to) && !wrong.includes(link.to)) wrong.push(link.to);
    }
    // What is far away from all that went wrong explains nothing.
    if (wrong.length && price(cost, next) > price(cost, wrong[wrong.length - 1]) + 40) break;
  }
  const origin = deepest(run, wrong, cost);
  const chosen = new Set<number>([record]);
  const path = (to: number): number[] => {
    const steps = [];
    for (let at = to; at !== record; at = cost.get(at)?.from ?? record) steps.push(at);
    return steps;
  };
  const pick = (to: number): void => {
    const steps = path(to).filter((step) => !chosen.has(step));
    if (chosen.size + steps.length <= MOST || to === origin) steps.forEach((step) => chosen.add(step));
  };
  if (origin >= 0) pick(origin);
  for (const other of origin >= 0 ? (doubts.get(origin)?.against ?? []) : []) if (cost.has(other)) pick(other);
  if (origin >= 0 && origin !== record) betweenLives(run, origin, record).forEach((life) => cost.has(life) && pick(life));
  // What led to the act itself, one step back.
  if (origin >= 0 && origin !== record) {
    for (const link of causes(run, origin)
      .filter((link) => link.weight >= 4)
      .slice(0, 3))
      if (cost.has(link.to)) pick(link.to);
  }
  for (const step of context) {
    if (chosen.size >= (origin === record ? 8 : 10)) break;
    if ((cost.get(step)?.link?.weight ?? 0) >= 4 && (origin < 0 || origin === record || step > origin)) pick(step);
  }
  const steps = [...chosen].sort((one, other) => other - one).slice(0, MOST + 3);
  return {
    origin,
    steps: steps.map((step) => {
      const known = cost.get(step);
      return { record: step, how: known?.link?.how ?? "", leads: known?.from ?? step, remark: doubts.get(step)?.why ?? "" };
    }),
  };
}

/** A link that leads from one wrong act to another that it follows from. */
const STRONG = 6;

/** Of the acts that went wrong the nearest, or one that this follows from: messages and contradictions lead there. */
function deepest(run: Run, wrong: number[], cost: Map<number, { cost: number; link: Link | null; from: number }>): number {
  let origin = wrong.slice().sort((one, other) => price(cost, one) - price(cost, other))[0] ?? -1;
  for (let next = origin; next >= 0;) {
    origin = next;
    next = -1;
    const open = [origin];
    for (let at = 0; at < open.length && at < 200 && next < 0; at++) {
      for (const link of causes(run, open[at])) {
        if (link.weight < STRONG || open.includes(link.to)) continue;
        open.push(link.to);
        if (!cost.has(link.to)) cost.set(link.to, { cost: price(cost, open[at]) + 11 - link.weight, link, from: open[at] });
        if (run.facts.doubts.has(link.to)) {
          next = link.to;
          break;
        }
      }
    }
  }
  return origin;
}

/** The crashes and starts of a server between two of its records. */
function betweenLives(run: Run, from: number, to: number): number[] {
  const rec = run.tape.read(from);
  if (!("server" in rec)) return [];
  return run.facts.acts[rec.server - 1].lives.filter((life) => life > from && life < to).slice(-2);
}

const price = (cost: Map<number, { cost: number }>, at: number): number => cost.get(at)?.cost ?? Infinity;

const NAMES = [
  "RequestVote",
  "its vote",
  "PreVote",
  "PreVoteReply",
  "AppendEntries",
  "its acknowledgement",
  "InstallSnapshot",
  "InstallSnapshotReply",
  "TimeoutNow",
  "ReadIndex",
  "ReadIndexReply",
  "a message",
];
const name = (body: number): string => NAMES[body] ?? "a message";
