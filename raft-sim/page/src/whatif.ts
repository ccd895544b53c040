// The seam to a module that runs the simulator itself in the page. A page without one has no such button.

import type { RunData } from "./tape.ts";

/** What a module offers: to go on from a record of a run in another way. */
export interface WhatIf {
  open(run: RunData, record: number): void;
}

/** The module that is embedded in the page, if there is one. */
export function whatIf(): WhatIf | undefined {
  return (globalThis as { raftSimWhatIf?: WhatIf }).raftSimWhatIf;
}
