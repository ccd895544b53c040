// The seam to a script that runs the simulator itself in the page. A page without one has no such button.

import type { RunData } from "./tape.ts";

// The members stand in quotes: the build shortens other names.

/** What such a script offers. Step n of a run is after the n-th action on the world. */
export interface WhatIf {
  /** Asks what may happen from a step on in another way: the page has a button for it. */
  ["open"]?(run: RunData, step: number): void;
  /** Takes the page, which it may give other runs to show. */
  ["start"]?(page: Shows): void;
  /** Is told the step of the cursor, or infinity at the end of the run. */
  ["moved"]?(step: number): void;
}

/** What the page offers. */
export interface Shows {
  /** Shows the run of a data block with this checksum in place of the first one, after a step or at its end. */
  ["show"](data: string, sum: string, step: number): void;
}

/** The script that is embedded in the page, if there is one. */
export const whatIf = (): WhatIf | undefined => (globalThis as { ["raftSimWhatIf"]?: WhatIf })["raftSimWhatIf"];

/** The number of actions on the world up to a record. */
export function stepOf(run: RunData, record: number): number {
  return run.tape.actions.slice(0, record + 1).reduce((sum, actions) => sum + actions, 0);
}
