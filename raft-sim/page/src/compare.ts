// Two runs side by side: how long they are the same.

import { min } from "./math.ts";
import type { Run } from "./run.ts";

/** The number of moments at the beginning that are the same in two runs, by their times and sentences. */
export function same(one: Run, other: Run): number {
  const most = min(one.moments.length, other.moments.length);
  for (let at = 0; at < most; at++) {
    const [a, b] = [one.moments[at], other.moments[at]];
    if (one.tape.times[a] !== other.tape.times[b]) return at;
    const [left, right] = [one.words(a), other.words(b)];
    if (left.who !== right.who || left.what !== right.what) return at;
  }
  return most;
}
