// A picture of a page's run as SVG, without a browser: the causes of its violation, or all of it.

import { readFileSync, writeFileSync } from "node:fs";
import { Run } from "./run.ts";
import { folded, steps } from "./scale.ts";
import { GUTTER, Layout, Scene, type Look } from "./scene.ts";
import { SvgSurface } from "./surface.ts";
import { read } from "./tape.ts";
import { LIGHT } from "./theme.ts";
import { why } from "./why.ts";

const [page, out, width = "960", lane = "72"] = process.argv.slice(2);
const [, sum = "", data = ""] = /data-sum="(\w+)">([^<]*)</.exec(readFileSync(page, "utf8")) ?? [];
const run = new Run(read(data, sum));
const chain = run.violation >= 0 ? why(run, run.violation) : null;
const scale = chain ? folded(run, chain.steps.map((step) => step.record)) : steps(run);
const size = { width: Number(width), height: Layout.heightFor(run, Number(lane)) };
const zoom = (size.width - GUTTER - 24) / scale.length;
const look: Look = { camera: { left: -12 / zoom, zoom }, scale, mode: chain ? "causes" : "steps", theme: LIGHT, cursor: -1, chain, found: [], differs: -1 };
const surface = new SvgSurface(size.width, size.height, run.data.violation?.detail ?? run.data.title);
new Scene(surface, run, new Layout(run, size.width, size.height), look).draw();
writeFileSync(out, surface.toString());
