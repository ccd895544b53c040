// The axis below a picture: steps, times, lines of a scenario, or what is folded between causes.

import { AXIS, GUTTER, type Layout, type Look } from "./layout.ts";
import { ceil, floor, log10, max, min, round } from "./math.ts";
import type { Run } from "./run.ts";
import type { Surface } from "./surface.ts";
import { Kind } from "./tape.ts";

export class Axis {
  constructor(
    private readonly surface: Surface,
    private readonly run: Run,
    private readonly layout: Layout,
    private readonly look: Look,
    /** The records that are seen, and the place of each. */
    private readonly seen: number[],
    private readonly x: (record: number) => number,
    private readonly dense: boolean,
  ) {}

  draw(): void {
    const { surface, layout, run, look } = this;
    const { theme, camera, scale, mode } = look;
    const y = layout.height - AXIS;
    surface.rect(GUTTER - 6, y, layout.width, AXIS, theme.ground);
    surface.line([GUTTER, y + 0.5, layout.width, y + 0.5], { color: theme.rule });
    if (mode === "causes") return this.folds(y);
    if (mode === "steps" && run.data.scenario.length && !this.dense) return this.lines(y);
    const step = nice(96 / camera.zoom);
    for (let unit = ceil(camera.left / step) * step; unit <= camera.left + (layout.width - GUTTER) / camera.zoom; unit += step) {
      const x = GUTTER + (unit - camera.left) * camera.zoom;
      if (unit < 0 || unit > scale.length) continue;
      if (mode === "time") {
        this.tick(x, y, `${trimmed(unit / 1000)} ms`);
      } else {
        const record = run.moments[floor(unit)];
        if (record === undefined) continue;
        this.tick(x + camera.zoom / 2, y, this.label(record));
      }
      surface.line([x, y, x, y + 4], { color: theme.rule });
    }
  }

  private tick(x: number, y: number, label: string): void {
    const half = label.length * 3.1 + 4;
    const place = min(this.layout.width - half, max(GUTTER + half - 8, x));
    this.surface.text(place, y + 14, label, { color: this.look.theme.quiet, size: 11, align: "center" });
  }

  private label(record: number): string {
    const rec = this.run.tape.read(record);
    return rec.kind === Kind.Statement
      ? `line ${rec.line}`
      : this.run.hasTime
        ? this.run.time(record)
        : String(this.run.placeOf(record) + 1);
  }

  /** The lines of the scenario. */
  private lines(y: number): void {
    const { run } = this;
    let free = -Infinity;
    for (const record of this.seen) {
      const rec = run.tape.read(record);
      const x = this.x(record);
      if (rec.kind !== Kind.Statement || x < free) continue;
      this.tick(x, y, `line ${rec.line}`);
      free = x + 62;
    }
  }

  /** The times of the causes, and the numbers of steps that are folded between them. */
  private folds(y: number): void {
    const { surface, run, look, layout } = this;
    const { theme } = look;
    const records = look.causes;
    let free = -Infinity;
    records.forEach((record, at) => {
      const x = this.x(record);
      const label = this.label(record);
      const room = label.length * 3.2 + 6;
      if (x - room > free) {
        this.tick(x, y, label);
        free = x + room;
      }
      const before = at > 0 ? records[at - 1] : (run.moments[0] ?? 0);
      const between = run.placeOf(record) - run.placeOf(before) - 1;
      const left = this.x(before);
      if (between < 5 || x - left < 50) return;
      const middle = (left + x) / 2;
      surface.text(middle, layout.lanes - 2, `⋯ ${between} steps`, { color: theme.quiet, size: 10, align: "center" });
    });
  }
}

/** A round number of about this size. */
export function nice(size: number): number {
  const power = 10 ** floor(log10(max(size, 1e-9)));
  const lead = size / power;
  return max(1, (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power);
}

const trimmed = (number: number): string => String(round(number * 1000) / 1000);
