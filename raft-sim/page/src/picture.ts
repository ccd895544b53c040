// Pictures as SVG, without a browser: the causes of a violation, or all of a run.

import { Run } from "./run.ts";
import { folded, steps } from "./scale.ts";
import { GUTTER, Layout, Scene, type Look } from "./scene.ts";
import { SvgSurface } from "./surface.ts";
import { read } from "./tape.ts";
import { LIGHT } from "./theme.ts";
import { why } from "./why.ts";

/** The run of a page. */
export function runOf(page: string): Run {
  const [, sum = "", data = ""] = /data-sum="(\w+)">([^<]*)</.exec(page) ?? [];
  return new Run(read(data, sum));
}

/** The picture of a run with lanes of a height. */
export function drawn(run: Run, width: number, lane: number): string {
  const chain = run.violation >= 0 ? why(run, run.violation) : null;
  const scale = chain ? folded(run, chain.steps.map((step) => step.record)) : steps(run);
  const height = Layout.heightFor(run, lane);
  const zoom = (width - GUTTER - 24) / scale.length;
  const camera = { left: -12 / zoom, zoom };
  const look: Look = { camera, scale, mode: chain ? "causes" : "steps", theme: LIGHT, cursor: -1, chain, found: [], differs: -1 };
  const surface = new SvgSurface(width, height, run.data.violation?.detail ?? run.data.title);
  new Scene(surface, run, new Layout(run, width, height), look).draw();
  return surface.toString();
}
