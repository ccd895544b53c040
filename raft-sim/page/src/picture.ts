// Pictures as SVG, without a browser: the causes of a violation, or all of a run.

import { Run } from "./run.ts";
import { folded, steps } from "./scale.ts";
import { GUTTER, Layout, type Look } from "./layout.ts";
import { Scene } from "./scene.ts";
import { SvgSurface } from "./surface.ts";
import { read } from "./tape.ts";
import { LIGHT } from "./theme.ts";
import { roomFor, why, type Chain } from "./why.ts";

/** The run of a page. */
export function runOf(page: string): Run {
  const [, sum = "", data = ""] = /data-sum="(\w+)">([^<]*)</.exec(page) ?? [];
  return new Run(read(data, sum));
}

/** The picture of a run with lanes of a height. */
export function drawn(run: Run, width: number, lane: number): string {
  const chain = run.violation >= 0 && run.data.servers ? why(run, run.violation) : null;
  const causes = roomFor(run, chain, run.violation);
  const scale = causes.length ? folded(run, causes) : steps(run);
  const height = Layout.heightFor(run, lane);
  const zoom = (width - GUTTER - 24) / scale.length;
  const camera = { left: -12 / zoom, zoom };
  const mode = causes.length ? "causes" : "steps";
  const look: Look = { camera, scale, mode, theme: LIGHT, cursor: -1, chain, causes, found: [], differs: -1 };
  const lines = chain?.steps.length ?? 0;
  const surface = new SvgSurface(width, height + (lines ? lines * LINE + LINE : 0), run.data.violation?.detail ?? run.data.title);
  new Scene(surface, run, new Layout(run, width, height), look).draw();
  if (chain) list(surface, run, chain, width, height);
  return surface.toString();
}

/** The height of a line of the list. */
const LINE = 24;

/** The steps of a chain in words, below its picture. */
function list(surface: SvgSurface, run: Run, chain: Chain, width: number, top: number): void {
  surface.rect(0, top, width, (chain.steps.length + 1) * LINE, LIGHT.ground);
  const most = Math.floor((width - GUTTER) / 6.3);
  chain.steps.forEach(({ record, remark }, at) => {
    const y = top + (at + 0.75) * LINE;
    const { who, what } = run.words(record);
    const text = remark ? `${who.split(" ")[0]} ${remark}` : `${who} ${what}`;
    const isOrigin = record === chain.origin;
    surface.circle(GUTTER - 22, y, 9, isOrigin ? LIGHT.wrong : LIGHT.ground, { color: LIGHT.wrong, width: 2 });
    surface.text(GUTTER - 22, y, String(at + 1), {
      color: isOrigin ? LIGHT.ground : LIGHT.ink,
      size: 11,
      bold: true,
      align: "center",
    });
    const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text;
    surface.text(GUTTER, y, shown, { color: remark ? LIGHT.wrong : LIGHT.ink, size: 12.5, bold: remark !== "" });
  });
}
