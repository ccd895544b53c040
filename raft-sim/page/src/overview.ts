// The strip with the whole run.

import { max, min } from "./math.ts";
import { GUTTER, type Look } from "./layout.ts";
import type { Run } from "./run.ts";
import type { Scale } from "./scale.ts";
import { LEADER } from "./state.ts";
import type { Surface } from "./surface.ts";
import { termColor } from "./theme.ts";

/** The whole run on a strip: who leads, what is wrong when, and where the picture is. */
export function overview(
  surface: Surface,
  run: Run,
  width: number,
  height: number,
  look: Look,
  whole: Scale,
  seen: [number, number],
): void {
  const { theme } = look;
  surface.rect(0, 0, width, height, theme.lane);
  const all = whole.length;
  const x = (record: number): number => GUTTER + (whole.unit(record) / all) * (width - GUTTER - 8);
  const lane = max(2, min(6, (height - 22) / run.data.servers));
  run.bands.forEach((bands, slot) => {
    let drawn = -1;
    for (const { from, to, up, role, term } of bands) {
      const [left, right] = [x(from), to >= run.count - 1 ? x(to) : x(to)];
      if (right - drawn < 0.5 && role !== LEADER) continue;
      drawn = right;
      const color = !up ? theme.down : role === LEADER ? termColor(term) : theme.rule;
      surface.rect(left, 4 + slot * lane, max(0.75, right - left), lane - 1, color, up ? 1 : 0.5);
    }
  });
  const rows: number[] = [];
  for (const { from, to } of [...run.faults, ...run.cuts.map((cut) => ({ ...cut, fault: -1 }))].sort(
    (one, other) => one.from - other.from,
  )) {
    const [left, right] = [x(from), max(x(from) + 2, x(to))];
    let row = rows.findIndex((until) => until < left);
    if (row < 0) row = rows.length < 4 ? rows.length : 3;
    rows[row] = right;
    surface.rect(left, height - 16 + row * 4, right - left, 3, theme.cut);
  }
  for (const { record } of look.chain?.steps ?? []) surface.rect(x(record) - 1, 2, 2, height - 20, theme.wrong);
  for (const { from, to, row } of run.conflict) {
    surface.rect(x(from), height - 18 - row * 4, max(2, x(to) - x(from)), 3, theme.wrong);
  }
  if (run.violation >= 0) surface.polygon([x(run.violation), 12, x(run.violation) - 5, 2, x(run.violation) + 5, 2], theme.wrong);
  const unitX = (unit: number): number => GUTTER + (unit / all) * (width - GUTTER - 8);
  const [left, right] = [max(GUTTER - 2, unitX(seen[0])), min(width - 2, max(unitX(seen[0]) + 6, unitX(seen[1])))];
  surface.frame(left, 1, right - left, height - 2, { color: theme.accent, width: 2 });
  surface.line([x(look.cursor), 0, x(look.cursor), height], { color: theme.accent, width: 1.5 });
  surface.text(GUTTER - 10, height / 2 - 6, "all", { color: theme.quiet, size: 11, align: "right" });
  if (run.faults.length) surface.text(GUTTER - 10, height - 9, "faults", { color: theme.quiet, size: 10, align: "right" });
}
