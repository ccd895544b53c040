// The picture of a run: lanes, bands, messages, faults, clients, and the chain of causes. It is drawn on any surface.

import { Axis } from "./axis.ts";
import { AXIS, BAND, GUTTER, ROW, TOP, type Layout, type Look } from "./layout.ts";
import { abs, ceil, floor, hypot, lowerBound, max, min } from "./math.ts";
import { CANDIDATE, LABELS, LEADER, type Flight } from "./state.ts";
import type { Run } from "./run.ts";
import type { Surface } from "./surface.ts";
import { ON_TERM, bodyColor, isReply, termColor } from "./theme.ts";

/** The top of a row of clients. */
const rowTop = (row: number): number => TOP + 2 + row * ROW;

/** How texts of requests begin, which need not be said on a lane of clients. */
const PREFIX = /^a client |^is asked |^client \d+: (asks for )?/;

/** The letter of an operation in a list. */
export const letter = (at: number): string => String.fromCharCode(97 + (at % 26));

export class Scene {
  private readonly x0 = GUTTER;
  /** The first and the last record that is seen. */
  private first = 0;
  private last = 0;
  private dense = false;
  /** Texts that nothing is to cover. */
  private readonly labels: (() => void)[] = [];

  constructor(
    private readonly surface: Surface,
    private readonly run: Run,
    private readonly layout: Layout,
    private readonly look: Look,
  ) {}

  private x(record: number): number {
    const { camera, scale } = this.look;
    return this.x0 + (scale.unit(record) - camera.left) * camera.zoom;
  }

  draw(): void {
    const { surface, layout, look, run } = this;
    const { camera, scale, theme } = look;
    surface.rect(0, 0, layout.width, layout.height, theme.ground);
    if (!run.moments.length) return;
    const width = layout.width - this.x0;
    const right = camera.left + width / camera.zoom;
    const from = max(0, lowerBound(run.moments, scale.unit, camera.left) - 1);
    const to = min(run.moments.length - 1, lowerBound(run.moments, scale.unit, right) + 1);
    this.first = run.moments[from];
    this.last = to + 1 < run.moments.length ? run.moments[to + 1] : run.count - 1;
    this.dense = look.mode !== "causes" && to - from > width / 2.5;
    surface.clip(this.x0 - 6, 0, width + 6, layout.height, () => {
      this.lanes();
      this.cuts();
      this.requests();
      this.conflict();
      this.bands();
      this.spans();
      this.messages();
      this.marks();
      const seen = run.moments.slice(run.placeOf(this.first), run.placeOf(this.last) + 1);
      new Axis(surface, run, layout, look, this.dense ? [] : seen, (record) => this.x(record), this.dense).draw();
      this.cursor();
      this.chain();
      for (const label of this.labels) label();
    });
    this.names();
  }

  private seen(from: number, to: number): boolean {
    return to >= this.first && from <= this.last;
  }

  private lanes(): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    for (let server = 1; server <= run.data.servers; server++) {
      const y = layout.y(server);
      if (server % 2) surface.rect(this.x0, y - layout.lane / 2, layout.width - this.x0, layout.lane, theme.lane);
      surface.line([this.x0, y, layout.width, y], { color: theme.rule, dash: [2, 4] });
    }
  }

  private names(): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    surface.rect(0, 0, this.x0 - 6, layout.height, theme.ground);
    for (let server = 1; server <= run.data.servers; server++) {
      surface.text(this.x0 - 16, layout.y(server), `S${server}`, { color: theme.ink, size: 15, bold: true, align: "right" });
      const name = run.data.names[server - 1];
      if (name && name !== `S${server}` && name !== String(server)) {
        surface.text(this.x0 - 16, layout.y(server) + 16, name.slice(0, 7), { color: theme.quiet, size: 10, align: "right" });
      }
    }
    const { lanes } = run.data;
    const quiet = { color: theme.quiet, size: 10, align: "right" } as const;
    lanes.forEach((name, row) => surface.text(this.x0 - 9, rowTop(row) + ROW / 2 - 2, name, quiet));
    if (layout.rows > lanes.length) surface.text(this.x0 - 9, TOP + ((lanes.length + layout.rows) * ROW) / 2, "clients", quiet);
  }

  private stretch(from: number, to: number): [number, number] {
    const [left, right] = [this.x(from), to >= this.run.count - 1 ? this.x(to) + 12 : this.x(to)];
    const start = max(this.x0 - 8, left);
    return [start, max(0.75, min(this.layout.width + 8, right) - start)];
  }

  private bands(): void {
    const { surface, layout, run } = this;
    const { look } = this;
    const { theme } = look;
    run.bands.forEach((bands, slot) => {
      const y = layout.y(slot + 1);
      let at = max(
        0,
        lowerBound(bands, (band) => band.to, this.first),
      );
      let drawn = -Infinity;
      for (; at < bands.length && bands[at].from <= this.last; at++) {
        const { from, to, up, role, term } = bands[at];
        const [x, width] = this.stretch(from, to);
        // Of many bands in one column of pixels one is enough, but never a leader's.
        if (x + width < drawn + 0.75 && role !== LEADER) continue;
        drawn = x + width;
        if (!up) {
          surface.line([x, y, x + width, y], { color: theme.down, width: 2, dash: [1, 4] });
          if (width > 42)
            this.labels.push(() => surface.text(max(x, this.x0) + 14, y - 10, "down", { color: theme.quiet, size: 10 }));
          continue;
        }
        const height = role === LEADER ? BAND.leader : role === CANDIDATE ? BAND.candidate : BAND.follower;
        surface.rect(x, y - height / 2, width, height, termColor(term));
        if (role === LEADER && width > 3)
          surface.frame(x + 0.75, y - height / 2 + 0.75, width - 1.5, height - 1.5, { color: ON_TERM, width: 1.5, alpha: 0.75 });
        if (role === CANDIDATE && width > 3) surface.hatch(x, y - height / 2, width, height, { color: ON_TERM, alpha: 0.35 }, 7);
        const label = role === LEADER ? `leader, term ${term}` : role === CANDIDATE ? `candidate, term ${term}` : `term ${term}`;
        const visible = max(x, this.x0 + 2);
        const room = x + width - visible;
        const short = role === LEADER ? `L ${term}` : role === CANDIDATE ? `C ${term}` : `${term}`;
        const shown = room > label.length * 6.6 + 10 ? label : room > short.length * 7 + 6 ? short : "";
        if (!shown) continue;
        const color = role === LEADER ? theme.ink : theme.quiet;
        // Beside the circle of a cause, if there is one.
        const indent = look.mode === "causes" && x > this.x0 ? 16 : 5;
        if (room <= indent + shown.length * 6.4) continue;
        this.labels.push(() => {
          surface.rect(
            visible + indent - 2,
            y - height / 2 - 15,
            shown.length * 6 + 4,
            12,
            slot % 2 ? theme.ground : theme.lane,
            0.75,
          );
          surface.text(visible + indent, y - height / 2 - 9, shown, { color, size: 11, bold: role === LEADER });
        });
      }
    });
  }

  private spans(): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    for (const { from, to, server, what } of run.spans) {
      if (!this.seen(from, to)) continue;
      const [x, width] = this.stretch(from, to);
      const y = layout.y(server) + BAND.leader / 2 + 3;
      if (what === "unsynced") {
        if (width > 1.5 || !this.dense) surface.rect(x, y, max(width, 2), 3, theme.disk);
        continue;
      }
      if (what === "paused") {
        surface.hatch(x, layout.y(server) - 15, width, 30, { color: theme.ink, alpha: 0.4 }, 5);
      } else {
        surface.rect(x, y + 4, width, 3, what === "lies" || what === "failing" ? theme.wrong : theme.disk);
      }
      const label = LABELS[what];
      if (width > label.length * 6 + 8) {
        surface.text(max(x, this.x0 + 2) + 4, y + 13, label, { color: what === "lies" ? theme.wrong : theme.quiet, size: 10 });
      }
    }
  }

  private cuts(): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    for (const { from, to, groups, oneWay } of run.cuts) {
      if (!this.seen(from, to)) continue;
      const [x, width] = this.stretch(from, to);
      for (const group of groups.slice(1)) {
        for (const server of group) {
          surface.hatch(x, layout.y(server) - layout.lane / 2 + 1, width, layout.lane - 2, { color: theme.cut, alpha: 0.28 }, 9);
        }
      }
      for (const [, server] of groups.length === 1 ? oneWay : []) {
        surface.hatch(x, layout.y(server) - layout.lane / 2 + 1, width, layout.lane - 2, { color: theme.cut, alpha: 0.16 }, 14);
      }
      const sides = groups.length > 1 ? [groups.map((group) => group.map((id) => `S${id}`).join(" ")).join(" | ")] : [];
      const text = [...sides, ...oneWay.map(([one, other]) => `S${one} ↛ S${other}`)].join(", ");
      surface.rect(x, TOP - 6, width, 2, theme.cut);
      if (width > text.length * 6 + 8) surface.text(max(x, this.x0 + 2) + 4, TOP - 14, text, { color: theme.cut, size: 11 });
    }
  }

  private requests(): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    const drawn: number[] = [];
    for (const request of run.requests) {
      if (request.from > this.last) break;
      if (request.to < this.first || request.row >= layout.rows) continue;
      const [x, full] = this.stretch(request.from, request.to);
      const width = max(3, full);
      // Of many in one column of pixels one is enough.
      if (this.dense && x + width < (drawn[request.row] ?? 0) + 1) continue;
      drawn[request.row] = x + width;
      const y = rowTop(request.row);
      const line = { color: request.class === 2 ? theme.vote : theme.done, width: 1.25 };
      const height = ROW - 5;
      switch (request.outcome) {
        case 1:
          surface.rect(x, y, width, height, line.color, 0.35);
          surface.frame(x + 0.5, y + 0.5, width - 1, height - 1, line);
          break;
        case 2:
          surface.frame(x + 0.5, y + 3, width - 1, height - 6, { ...line, color: theme.down });
          break;
        case 3:
          surface.hatch(x, y, width, height, { color: theme.wrong }, 5);
          surface.frame(x + 0.5, y + 0.5, width - 1, height - 1, { color: theme.wrong });
          break;
        default:
          surface.frame(x + 0.5, y + 0.5, width - 1, height - 1, { color: theme.down, dash: [3, 3] });
      }
      const text = run.tape.text((!run.data.servers && request.answer) || request.text).replace(PREFIX, "");
      if (width > text.length * 5.6 + 10)
        surface.text(max(x, this.x0 + 2) + 5, y + height / 2, text, { color: theme.ink, size: 10 });
    }
  }

  /** The operations that can't be put in order, each with its letter in the list of them. */
  private conflict(): void {
    const { surface, run } = this;
    const { theme } = this.look;
    run.conflict.forEach(({ from, to, row, text }, at) => {
      if (!this.seen(from, to)) return;
      const [x, width] = this.stretch(from, to);
      const [y, height] = [rowTop(row), ROW - 4];
      const label = `${letter(at)}  ${text}`;
      surface.rect(x, y, max(3, width), height, theme.ground);
      surface.rect(x, y, max(3, width), height, theme.wrong, 0.18);
      surface.frame(x, y, max(3, width), height, { color: theme.wrong, width: 2 });
      const place = max(this.x0, min(x, this.layout.width - label.length * 6.5 - 8)) + 5;
      this.labels.push(() => {
        if (place + label.length * 6 > x + width) surface.rect(place - 1, y + 2, label.length * 6, height - 4, theme.ground, 0.8);
        surface.text(place, y + height / 2, label, { color: theme.ink, size: 11, bold: true });
      });
    });
  }

  private messages(): void {
    const { run, look } = this;
    if (this.dense) return this.traffic();
    const highlighted = this.highlighted();
    const { flights } = run;
    // A message that was sent long before the first record seen may still be on its way.
    let at = lowerBound(flights, (flight) => flight.sent, this.first);
    for (let back = 0; at > 0 && back < 3000; back++) at--;
    for (; at < flights.length && flights[at].sent <= this.last; at++) {
      const flight = flights[at];
      const end = flight.took >= 0 ? flight.took : flight.end >= 0 ? flight.end : run.count - 1;
      if (end < this.first) continue;
      if (look.mode === "causes" && !highlighted.has(flight.number) && !look.scale.isOpen(flight.sent, end)) continue;
      const fades = look.chain !== null && !highlighted.has(flight.number);
      this.message(flight, end, fades ? 0.4 : 0.9);
    }
  }

  /** The messages between the steps of the chain. */
  private highlighted(): Set<number> {
    const numbers = new Set<number>();
    for (const { record, leads } of this.look.chain?.steps ?? []) {
      const flight = this.run.flights.length ? this.messageBetween(record, leads) : undefined;
      if (flight) numbers.add(flight.number);
    }
    return numbers;
  }

  private messageBetween(from: number, to: number): Flight | undefined {
    const { flights } = this.run;
    for (let at = lowerBound(flights, (flight) => flight.sent, from); at < flights.length && flights[at].sent <= to; at++) {
      if (flights[at].step === from && flights[at].took === to) return flights[at];
    }
    return undefined;
  }

  private message(flight: Flight, end: number, alpha: number): void {
    const { surface, layout } = this;
    const { theme } = this.look;
    const color = bodyColor(theme, flight.body);
    const [y1, y2] = [layout.y(flight.from), layout.y(flight.to)];
    const x1 = this.x(flight.sent);
    const atOnce = flight.end === flight.sent;
    const open = !flight.lost && flight.took < 0 && flight.end < 0;
    // One that is on its way goes beyond the end of the run.
    const x2 = atOnce ? x1 + min(40, abs(y2 - y1) * 0.5) : this.x(end) + (open ? 24 : 0);
    const share = flight.lost ? (atOnce ? 0.55 : 0.8) : 1;
    const [ex, ey] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
    const length = hypot(ex - x1, ey - y1) || 1;
    const [ux, uy] = [(ex - x1) / length, (ey - y1) / length];
    const line = { color, alpha, width: flight.lost ? 1 : 1.35, dash: flight.late ? [7, 4] : flight.lost || open ? [2, 3] : [] };
    if (flight.copy) {
      surface.line([x1 - uy * 1.8, y1 + ux * 1.8, ex - uy * 1.8, ey + ux * 1.8], line);
      surface.line([x1 + uy * 1.8, y1 - ux * 1.8, ex + uy * 1.8, ey - ux * 1.8], line);
    } else {
      surface.line([x1, y1, ex, ey], line);
    }
    if (flight.held) {
      const [hx, hy] = [x1 + (ex - x1) * 0.3, y1 + (ey - y1) * 0.3];
      surface.rect(hx - 4, hy - 5, 3, 10, color, alpha);
      surface.rect(hx + 1, hy - 5, 3, 10, color, alpha);
    }
    if (flight.lost) {
      for (const side of [-1, 1])
        surface.line([ex - 4, ey - 4 * side, ex + 4, ey + 4 * side], { color: theme.wrong, width: 1.75, alpha });
      return;
    }
    if (open) return;
    const size = 7;
    const [bx, by] = [ex - ux * size, ey - uy * size];
    const head = [ex, ey, bx - uy * 3.2, by + ux * 3.2, bx + uy * 3.2, by - ux * 3.2];
    if (isReply(flight.body)) surface.line([head[2], head[3], ex, ey, head[4], head[5]], { color, alpha, width: 1.35 });
    else surface.polygon(head, color, alpha);
  }

  /** How much is sent, where single messages can't be seen. */
  private traffic(): void {
    const { surface, layout, run } = this;
    const { theme, camera, scale } = this.look;
    const columns = ceil((layout.width - this.x0) / 4);
    const counts = new Map<number, Uint32Array>();
    const { flights } = run;
    let [at, step] = [lowerBound(flights, (flight) => flight.sent, this.first), 1];
    const until = lowerBound(flights, (flight) => flight.sent, this.last);
    step = max(1, floor((until - at) / 200000));
    for (; at < until; at += step) {
      const flight = flights[at];
      const column = floor(((scale.unit(flight.sent) - camera.left) * camera.zoom) / 4);
      if (column < 0 || column >= columns) continue;
      const list = counts.get(flight.from) ?? new Uint32Array(columns);
      counts.set(flight.from, list);
      list[column] += flight.lost ? 0 : step;
    }
    let most = 1;
    for (const list of counts.values()) for (const count of list) most = max(most, count);
    for (const [server, list] of counts) {
      const y = layout.y(server) + layout.lane / 2 - 3;
      list.forEach((count, column) => {
        if (count) surface.rect(this.x0 + column * 4, y - (count / most) * 14, 3, (count / most) * 14, theme.append, 0.6);
      });
    }
  }

  /** Crashes, starts, doubts, found records, and the place of the violation. */
  private marks(): void {
    const { surface, layout, run, look } = this;
    const { theme } = look;
    run.facts.acts.forEach(({ lives }, slot) => {
      for (let at = lowerBound(lives, (life) => life, this.first); at < lives.length && lives[at] <= this.last; at++) {
        if (run.tape.kinds[lives[at]] !== 7) continue;
        // What is folded has no room for marks.
        if (
          look.mode === "causes" &&
          !look.scale.isOpen(lives[at], lives[at]) &&
          !look.chain?.steps.some((step) => step.record === lives[at])
        )
          continue;
        const [x, y] = [this.x(lives[at]), layout.y(slot + 1)];
        for (const side of [-1, 1]) surface.line([x - 6, y - 6 * side, x + 6, y + 6 * side], { color: theme.wrong, width: 2.5 });
      }
    });
    if (!this.dense && look.mode !== "causes") {
      for (const record of run.moments.slice(run.placeOf(this.first), run.placeOf(this.last) + 1)) this.dot(record);
    }
    for (
      let at = lowerBound(look.found, (it) => it, this.first), drawn = 0;
      at < look.found.length && look.found[at] <= this.last && drawn < 2000;
      at++, drawn++
    ) {
      const x = this.x(look.found[at]);
      surface.polygon([x, layout.lanes, x - 5, layout.lanes - 8, x + 5, layout.lanes - 8], theme.accent);
    }
    if (look.differs >= 0) {
      const x = this.x(look.differs);
      surface.line([x, 0, x, layout.height - AXIS], { color: theme.accent, width: 2, dash: [8, 4] });
      surface.text(x + 6, 9, "first difference", { color: theme.accent, size: 11, bold: true });
    }
    if (run.violation >= this.first && run.violation <= this.last) {
      const x = this.x(run.violation);
      surface.line([x, TOP - 6, x, layout.height - AXIS], { color: theme.wrong, width: 1.5, dash: [4, 3] });
    }
  }

  private dot(record: number): void {
    const { surface, layout, run } = this;
    const { theme } = this.look;
    const rec = run.tape.read(record);
    if (rec.kind === 11) {
      const x = this.x(record);
      surface.line([x, layout.lanes, x, layout.height - AXIS], { color: theme.rule, dash: [1, 3] });
      return;
    }
    if (rec.kind !== 1) return;
    surface.circle(this.x(record), layout.y(rec.server), 2.25, theme.ink);
  }

  private laneOf(record: number): number {
    const rec = this.run.tape.read(record);
    if ("server" in rec) return this.layout.y(rec.server);
    return this.layout.lanes - 4;
  }

  private chain(): void {
    const { surface, look } = this;
    const { chain, theme } = look;
    if (!chain) return;
    for (const { record, leads } of chain.steps) {
      if (leads === record) continue;
      const points = [this.x(record), this.laneOf(record), this.x(leads), this.laneOf(leads)];
      surface.line(points, { color: theme.ground, width: 7, alpha: 0.85 });
      surface.line(points, { color: theme.wrong, width: 3 });
    }
    chain.steps.forEach(({ record }, place) => {
      const [x, y] = [this.x(record), this.laneOf(record)];
      const isOrigin = record === chain.origin;
      surface.circle(x, y, 10, isOrigin ? theme.wrong : theme.ground, { color: theme.wrong, width: 2.5 });
      surface.text(x, y + 0.5, String(place + 1), {
        color: isOrigin ? theme.ground : theme.ink,
        size: 11,
        bold: true,
        align: "center",
      });
    });
  }

  private cursor(): void {
    const { surface, layout, look } = this;
    const { theme } = look;
    if (look.cursor < 0) return;
    const x = this.x(look.cursor);
    surface.line([x, 8, x, layout.height - AXIS], { color: theme.accent, width: 1.5 });
    surface.polygon([x - 6, 0, x + 6, 0, x + 6, 5, x, 11, x - 6, 5], theme.accent);
  }
}
