// The horizontal scale of the picture: the same room for each moment, for each microsecond, or for each cause. Units are what
// a camera moves in.

import { floor, lowerBound, max, min, round } from "./math.ts";
import type { Run } from "./run.ts";

export interface Scale {
  /** The place of a record, in units. */
  unit(record: number): number;
  /** The length of the run, in units. */
  readonly length: number;
  /** The moment nearest to a place. */
  nearest(unit: number): number;
  /** True if single moments between two records can be told apart. */
  isOpen(from: number, to: number): boolean;
}

export type Mode = "steps" | "time" | "causes";

/** The same room for each moment. */
export function steps(run: Run): Scale {
  const { moments } = run;
  return {
    unit: (record) => run.placeOf(record) + 0.5,
    length: max(1, moments.length),
    nearest: (unit) => moments[min(moments.length - 1, max(0, floor(unit)))] ?? 0,
    isOpen: () => true,
  };
}

/** The same room for each microsecond. */
export function time(run: Run): Scale {
  const { moments } = run;
  const { times } = run.tape;
  return {
    unit: (record) => times[record],
    length: max(1, times[run.count - 1] ?? 1) * 1.01,
    nearest: (unit) => {
      const at = lowerBound(moments, (record) => times[record], unit);
      const [before, after] = [moments[at - 1], moments[at]];
      if (before === undefined) return after ?? 0;
      if (after === undefined) return before;
      return unit - times[before] < times[after] - unit ? before : after;
    },
    isOpen: () => true,
  };
}

/** Moments that keep their room between two causes; more are folded into the room of these. */
const ROOM = 4;

/** Room for the causes of something; what lies between is folded. */
export function folded(run: Run, causes: number[]): Scale {
  const all = [0, ...causes.map((record) => run.placeOf(record)), max(0, run.moments.length - 1)];
  const places = [...new Set(all)].sort((one, other) => one - other);
  const knots = [0.5];
  for (let at = 1; at < places.length; at++) knots.push(knots[at - 1] + min(ROOM, places[at] - places[at - 1]));
  const between = (from: number[], to: number[], value: number): number => {
    const at = min(
      from.length - 1,
      max(
        1,
        lowerBound(from, (it) => it, value),
      ),
    );
    if (from.length < 2) return to[0];
    return to[at - 1] + ((value - from[at - 1]) * (to[at] - to[at - 1])) / (from[at] - from[at - 1]);
  };
  return {
    unit: (record) => between(places, knots, run.placeOf(record)),
    length: knots[knots.length - 1] + 0.5,
    nearest: (unit) => {
      const place = round(between(knots, places, unit));
      return run.moments[min(run.moments.length - 1, max(0, place))] ?? 0;
    },
    isOpen: (from, to) => {
      const [one, other] = [run.placeOf(from), run.placeOf(to)];
      const at = max(
        1,
        lowerBound(places, (it) => it, one + 1),
      );
      const gap = at < places.length ? places[at] - places[at - 1] : 0;
      return gap <= ROOM && other <= (places[at] ?? Infinity) + 1;
    },
  };
}
