// The seam to a module that runs the simulator itself in the page. A page without one has no such button.

import type { RunData } from "./tape.ts";

/** What a module offers: to go on from a step of a run in another way. Step n is after the n-th action on the world. */
export interface WhatIf {
  open(run: RunData, step: number): void;
}

/** The module that is embedded in the page, if there is one. */
export function whatIf(): WhatIf | undefined {
  // In quotes: the build shortens other names.
  return (globalThis as { ["raftSimWhatIf"]?: WhatIf })["raftSimWhatIf"];
}

/** The number of actions on the world up to a record. */
export function stepOf(run: RunData, record: number): number {
  return run.tape.actions.slice(0, record + 1).reduce((sum, actions) => sum + actions, 0);
}
