// The runs that `cargo test -p raft-sim --lib view::` writes.

import { readFileSync } from "node:fs";
import { Run } from "../src/run.ts";
import { read, type RunData } from "../src/tape.ts";

const FOLDER = process.env["RAFT_SIM_PAGES"] ?? "../../target/page";

export const pagePath = (name: string): string => `${FOLDER}/${name}`;

export const text = (name: string): string => readFileSync(pagePath(name), "utf8");

export const json = <T>(name: string): T => JSON.parse(text(name)) as T;

/** The data blocks of a page: their checksums and texts. */
export function blocks(page: string): { sum: string; text: string }[] {
  const all = page.matchAll(/<script type="application\/json" class="run" data-sum="(\w+)">(.*?)<\/script>/gs);
  return [...all].map(([, sum, text]) => ({ sum, text }));
}

export const runsOf = (name: string): Run[] => blocks(text(name)).map((block) => new Run(read(block.text, block.sum)));

/** A state as the simulator's own disks have it. */
export interface Known {
  up: boolean;
  role: string;
  term: number;
  vote: number;
  commit: number;
  applied: number;
  log: string[];
  snapshot: number;
  diskTerm: number;
  diskVote: number;
  diskLog: string[];
  unsynced: number;
}

export const states = (seed: number): { record: number; servers: Known[] }[] => json(`states-${seed}.json`);

/** The negative controls: scenarios that suppose what no Raft survives. */
export const controls = (): RunData[] => json("controls.json");

export const scenarios = (): RunData[] => json("scenarios.json");
