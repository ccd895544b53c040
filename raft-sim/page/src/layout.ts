// The places of everything in a picture, and what it shows.

import { max, min } from "./math.ts";
import type { Run } from "./run.ts";
import type { Mode, Scale } from "./scale.ts";
import type { Theme } from "./theme.ts";
import type { Chain } from "./why.ts";

/** The part of a run that is seen: units are moments, or microseconds on the scale of time. */
export interface Camera {
  left: number;
  /** Pixels for each unit. */
  zoom: number;
}

export interface Look {
  camera: Camera;
  scale: Scale;
  mode: Mode;
  theme: Theme;
  cursor: number;
  chain: Chain | null;
  /** The records that have room on the scale of causes, in order. */
  causes: number[];
  /** Records that a search found, in order. */
  found: number[];
  /** A moment up to which two runs are the same; -1 for none. */
  differs: number;
}

export const GUTTER = 56;
export const AXIS = 28;
export const TOP = 24;
export const ROW = 18;
const MOST_ROWS = 3;
export const BAND = { leader: 26, candidate: 16, follower: 8 };

/** The rows of clients: those with names, and a few for all others. */
const rowsOf = (run: Run): number => min(run.rows, run.data.lanes.length + MOST_ROWS);

/** The places of everything for a size. */
export class Layout {
  readonly lanes: number;
  readonly lane: number;
  readonly rows: number;

  constructor(
    readonly run: Run,
    readonly width: number,
    readonly height: number,
  ) {
    this.rows = rowsOf(run);
    this.lanes = TOP + (this.rows ? this.rows * ROW + 10 : 0);
    this.lane = max(34, (height - this.lanes - AXIS) / run.data.servers);
  }

  /** The middle of a server's lane. */
  y(server: number): number {
    return this.lanes + (server - 0.5) * this.lane;
  }

  static heightFor(run: Run, lane: number): number {
    const rows = rowsOf(run);
    return TOP + (rows ? rows * ROW + 10 : 0) + AXIS + run.data.servers * lane;
  }
}
