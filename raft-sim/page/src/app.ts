// The application: the cursor, the camera, and everything that follows from them.

import { max, min, round } from "./math.ts";
import { same } from "./compare.ts";
import { byId, h } from "./dom.ts";
import { Pointers, type Moved } from "./pointers.ts";
import { chainList, conflictList, heading, scenario } from "./show.ts";
import { inFlight, leadersTable, logsTable, serversTable } from "./panel.ts";
import { fromFragment, toFragment } from "./position.ts";
import { Run } from "./run.ts";
import { folded, steps, time, type Mode, type Scale } from "./scale.ts";
import { GUTTER, Layout, type Camera, type Look } from "./layout.ts";
import { overview } from "./overview.ts";
import { Scene } from "./scene.ts";
import { search } from "./search.ts";
import { CanvasSurface, SvgSurface } from "./surface.ts";
import { DARK, LIGHT, type Theme } from "./theme.ts";
import { read } from "./tape.ts";
import { stepOf, whatIf } from "./whatif.ts";
import { roomFor, why, type Chain } from "./why.ts";

/** The pixels of a moment when the page opens. */
const WIDE = 26;

export class App implements Moved {
  active = 0;
  private cursor = 0;
  camera: Camera = { left: 0, zoom: WIDE };
  private mode: Mode = "steps";
  scales: Scale[];
  private chain: Chain | null = null;
  private causes: number[] = [];
  private asked = -1;
  private query = "";
  private found: number[] = [];
  private playing = 0;
  private dark = false;
  private readonly same: number;
  private readonly script = whatIf();
  readonly canvases: HTMLCanvasElement[];
  readonly strip = byId<HTMLCanvasElement>("overview");
  private pending = 0;
  /** The size of the picture's texts, by that of the page's. */
  size = 1;

  constructor(readonly runs: Run[]) {
    this.same = runs.length > 1 ? same(runs[0], runs[1]) : -1;
    this.scales = runs.map(steps);
    const pictures = byId("pictures");
    this.canvases = runs.map((run, at) => {
      const canvas = h("canvas", { class: "picture", tabindex: 0, role: "img", "aria-describedby": "sentence" });
      const title =
        runs.length > 1 ? h("h2", { class: "run-title" }, `${at + 1}. ${run.data.title} (${run.data.subject})`) : null;
      pictures.append(...(title ? [title] : []), canvas);
      return canvas;
    });
  }

  private get run(): Run {
    return this.runs[this.active];
  }

  private get theme(): Theme {
    return this.dark ? DARK : LIGHT;
  }

  start(): void {
    this.setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => this.setTheme(event.matches));
    byId("app").className = this.run.data.servers ? "" : "clients";
    this.heading();
    this.controls();
    new Pointers(this).listen();
    addEventListener("keydown", (event) => this.key(event));
    this.resize();
    addEventListener("resize", () => this.resize());
    addEventListener("hashchange", () => this.fromAddress());
    this.fromAddress();
    this.script?.["start"]?.({ ["show"]: (data, sum, step) => this.show(new Run(read(data, sum)), step) });
  }

  private heading(): void {
    heading(this.runs, this.same, (text) => void this.copy(text, text));
  }

  /** Shows another run in place of the first one, after a step. */
  private show(run: Run, step: number): void {
    const next = run.data.tape.actions.findIndex((actions) => (step -= actions) < 0);
    this.runs[0] = run;
    this.heading();
    byId("scenario").replaceChildren();
    this.ask(next < 0 ? run.violation : -1);
    this.cursor = run.momentAt((next < 0 ? run.count : next) - 1);
    this.measure("steps");
    this.camera.zoom = WIDE;
    this.center();
  }

  private resize(): void {
    this.size = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
    this.draw();
  }

  /** Goes where the address points, or to the violation, the first difference, or the beginning. */
  private fromAddress(): void {
    const position = fromFragment(location.hash);
    this.active = min(position.run, this.runs.length - 1);
    const run = this.run;
    const first =
      this.same >= 0
        ? (run.moments[min(this.same, run.moments.length - 1)] ?? 0)
        : run.violation >= 0
          ? run.violation
          : ([...run.facts.leaders.values()][0]?.[0].record ?? 0);
    this.query = position.query;
    byId<HTMLInputElement>("search").value = this.query;
    this.found = search(run, this.query);
    const asked = position.why ?? (position.moment === null && run.violation >= 0 && this.same < 0 ? run.violation : null);
    this.ask(asked === null ? -1 : run.momentAt(asked));
    this.cursor = run.momentAt(position.moment ?? first);
    this.measure(position.mode ?? "causes");
    if (position.zoom !== null) this.camera.zoom = position.zoom;
    else if (this.mode !== "steps" || run.moments.length * WIDE < this.width()) return this.fit();
    else this.camera.zoom = WIDE;
    this.center();
  }

  /** Sets the scale. */
  private measure(mode: Mode): void {
    this.mode = mode === "causes" && !this.causes.length ? "steps" : mode === "time" && !this.run.hasTime ? "steps" : mode;
    this.scales = this.runs.map((run) =>
      this.mode === "time" ? time(run) : this.mode === "causes" && run === this.run ? folded(run, this.causes) : steps(run),
    );
  }

  private get scale(): Scale {
    return this.scales[this.active];
  }

  /** The width of the picture, in its own pixels. */
  private width(): number {
    return max(100, (this.canvases[0]?.clientWidth ?? 800) / this.size - GUTTER);
  }

  private unit(record: number): number {
    return this.scale.unit(record);
  }

  private center(): void {
    this.camera.left = this.unit(this.cursor) - this.width() / this.camera.zoom / 2;
    this.clamp();
    this.draw();
  }

  clamp(): void {
    const all = max(...this.scales.map((scale) => scale.length));
    const margin = 40 / this.camera.zoom;
    this.camera.zoom = min(this.mode === "time" ? 1 : 160, max((this.width() * 0.9) / (all + 1), this.camera.zoom));
    const most = max(-margin, all + margin - this.width() / this.camera.zoom);
    this.camera.left = min(most, max(-margin, this.camera.left));
  }

  go(record: number): void {
    this.cursor = this.run.momentAt(record);
    const place = (this.unit(this.cursor) - this.camera.left) * this.camera.zoom;
    if (place < 30 || place > this.width() - 30) this.camera.left = this.unit(this.cursor) - this.width() / this.camera.zoom / 2;
    this.clamp();
    this.draw();
  }

  private step(by: number): void {
    const { moments } = this.run;
    this.go(moments[min(moments.length - 1, max(0, this.run.placeOf(this.cursor) + by))] ?? 0);
  }

  /** The next moment of the same server. */
  private along(by: 1 | -1): void {
    const who = this.actor(this.cursor);
    const { moments } = this.run;
    for (let at = this.run.placeOf(this.cursor) + by; at >= 0 && at < moments.length; at += by) {
      if (this.actor(moments[at]) === who) return this.go(moments[at]);
    }
  }

  private actor(record: number): number {
    const rec = this.run.tape.read(record);
    return "server" in rec ? rec.server : 0;
  }

  private ask(record: number): void {
    this.asked = record;
    this.chain = record >= 0 && this.run.data.servers ? why(this.run, record) : null;
    this.causes = record >= 0 ? roomFor(this.run, this.chain, record) : [];
  }

  private toggleWhy(): void {
    if (this.asked === this.cursor) {
      this.ask(-1);
      this.measure("steps");
      this.camera.zoom = WIDE;
      return this.center();
    }
    this.ask(this.cursor);
    this.measure("causes");
    this.fit();
  }

  /** The next step of the chain, towards the causes or back. */
  private alongChain(by: 1 | -1): void {
    const steps = this.chain?.steps ?? [];
    const at = steps.findIndex((step) => step.record === this.cursor);
    const next = steps[at < 0 ? 0 : at + by];
    if (next) this.go(next.record);
  }

  zoom(by: number, at = this.width() / 2): void {
    const unit = this.camera.left + at / this.camera.zoom;
    this.camera.zoom *= by;
    this.clamp();
    this.camera.left = unit - at / this.camera.zoom;
    this.clamp();
    this.draw();
  }

  pan(pixels: number): void {
    this.camera.left += pixels / this.camera.zoom;
    this.clamp();
    this.draw();
  }

  private fit(): void {
    this.camera.zoom = (this.width() - 24) / this.scale.length;
    this.camera.left = -12 / this.camera.zoom;
    this.clamp();
    this.draw();
  }

  private scaleBy(mode: Mode): void {
    const share = this.camera.zoom * this.scale.length;
    const folds = this.mode === "causes";
    this.measure(mode);
    this.camera.zoom = folds && this.mode === "steps" ? WIDE : share / this.scale.length;
    this.center();
  }

  private toggleTime(): void {
    this.scaleBy(this.mode === "time" ? "causes" : "time");
  }

  private play(): void {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = 0;
    } else {
      this.playing = window.setInterval(() => {
        const before = this.cursor;
        this.step(1);
        if (this.cursor === before) this.play();
      }, 450);
    }
    byId("play").textContent = this.playing ? "Pause" : "Play";
    byId("play").setAttribute("aria-pressed", String(this.playing > 0));
  }

  private lookFor(query: string): void {
    this.query = query;
    this.found = search(this.run, query);
    this.alongFound(1, true);
  }

  private alongFound(by: 1 | -1, here = false): void {
    const { found, cursor } = this;
    const next =
      by > 0
        ? (found.find((record) => (here ? record >= cursor : record > cursor)) ?? found[0])
        : (found.findLast((record) => record < cursor) ?? found.at(-1));
    if (next !== undefined) this.go(next);
    else this.draw();
  }

  private setTheme(dark: boolean): void {
    this.dark = dark;
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    this.draw();
  }

  switchRun(): void {
    if (this.runs.length < 2) return;
    const place = this.run.placeOf(this.cursor);
    this.active = 1 - this.active;
    this.ask(-1);
    this.measure(this.mode);
    this.found = search(this.run, this.query);
    this.cursor = this.run.moments[min(place, this.run.moments.length - 1)] ?? 0;
    this.draw();
  }

  /** The picture as a file. */
  private saveSvg(): void {
    const text = this.svg();
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })), download: "run.svg" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.say("The picture was saved as run.svg.");
  }

  private svg(): string {
    const canvas = this.canvases[this.active];
    const [width, height] = [canvas.clientWidth / this.size, canvas.clientHeight / this.size];
    const surface = new SvgSurface(width, height, this.run.data.title);
    new Scene(surface, this.run, new Layout(this.run, width, height), this.look(this.run, this.cursor)).draw();
    return surface.toString();
  }

  private async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.say(`Copied: ${what}`);
    } catch {
      // A page that was opened as a file may not be allowed to.
      const area = h("textarea", { class: "offscreen" }, text);
      document.body.append(area);
      area.select();
      this.say(document.execCommand("copy") ? `Copied: ${what}` : text);
      area.remove();
    }
  }

  private say(text: string): void {
    byId("said").textContent = text;
  }

  private controls(): void {
    for (const button of document.querySelectorAll<HTMLElement>("[data-key]"))
      button.onclick = () => this.keys[button.dataset["key"] ?? ""]();
    byId("close").addEventListener("click", () => this.help());
    byId("scale").hidden = !this.run.hasTime;
    const field = byId<HTMLInputElement>("search");
    field.addEventListener("input", () => this.lookFor(field.value));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.alongFound(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") field.blur();
    });
    const open = this.script?.["open"];
    if (open) {
      const ask = (): void => open(this.run.data, stepOf(this.run.data, this.cursor));
      byId("tools").append(h("button", { id: "what-if", onclick: ask }, "What if?"));
    }
    if (this.runs.length > 1) byId("tools").append(h("button", { id: "switch", onclick: () => this.switchRun() }, "Other run"));
  }

  private help(): void {
    const dialog = byId<HTMLDialogElement>("keys");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  private readonly keys: Record<string, () => void> = {
    "ArrowRight": () => this.step(1),
    "ArrowLeft": () => this.step(-1),
    "l": () => this.along(1),
    "h": () => this.along(-1),
    "PageDown": () => this.step(20),
    "PageUp": () => this.step(-20),
    "Home": () => this.go(0),
    "End": () => this.go(this.run.count - 1),
    " ": () => this.play(),
    "+": () => this.zoom(1.5),
    "=": () => this.zoom(1.5),
    "-": () => this.zoom(1 / 1.5),
    "0": () => this.fit(),
    ",": () => this.pan(-200),
    ".": () => this.pan(200),
    "c": () => this.center(),
    "t": () => this.toggleTime(),
    "w": () => this.toggleWhy(),
    "v": () => this.run.violation >= 0 && this.go(this.run.violation),
    "[": () => this.alongChain(-1),
    "]": () => this.alongChain(1),
    "/": () => byId<HTMLInputElement>("search").select(),
    "n": () => this.alongFound(1),
    "N": () => this.alongFound(-1),
    "s": () => this.saveSvg(),
    "y": () => void this.copy(this.run.data.replay, this.run.data.replay),
    "u": () => void this.copy(location.href, "the link to this moment"),
    "d": () => this.setTheme(!this.dark),
    "x": () => this.switchRun(),
    "?": () => this.help(),
  };

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement | null;
    if (byId<HTMLDialogElement>("keys").open && event.key !== "?") return;
    if (target?.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    const act = this.keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  private look(run: Run, cursor: number): Look {
    const active = run === this.run;
    const differs = this.same >= 0 ? (run.moments[this.same] ?? -1) : -1;
    const scale = this.scales[this.runs.indexOf(run)];
    return {
      camera: this.camera,
      scale,
      mode: active ? this.mode : "steps",
      theme: this.theme,
      cursor,
      chain: active ? this.chain : null,
      causes: this.causes,
      found: active ? this.found : [],
      differs,
    };
  }

  /** Draws with the next frame of the screen. */
  draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.paint();
    });
  }

  /** The scale of the strip that shows the whole run. */
  whole(): Scale {
    return this.mode === "time" ? this.scale : steps(this.run);
  }

  private surface(canvas: HTMLCanvasElement): CanvasSurface | null {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [round(canvas.clientWidth * ratio), round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    if (!context) return null;
    context.setTransform(ratio * this.size, 0, 0, ratio * this.size, 0, 0);
    return new CanvasSurface(context);
  }

  layout(run: Run, canvas: HTMLCanvasElement): Layout {
    return new Layout(run, canvas.clientWidth / this.size, canvas.clientHeight / this.size);
  }

  private paint(): void {
    const { run, cursor } = this;
    const place = run.placeOf(cursor);
    const room = (innerHeight / this.size - 400) / run.data.servers;
    const lane = innerWidth < 700 || this.runs.length > 1 ? 58 : min(120, max(64, room));
    this.canvases.forEach((canvas, at) => {
      const shown = this.runs[at];
      canvas.style.height = `${round(Layout.heightFor(shown, lane) * this.size)}px`;
      const surface = this.surface(canvas);
      if (!surface) return;
      const here = shown === run ? cursor : (shown.moments[min(place, shown.moments.length - 1)] ?? 0);
      const layout = this.layout(shown, canvas);
      new Scene(surface, shown, layout, this.look(shown, here)).draw();
      canvas.setAttribute(
        "aria-label",
        `Picture of ${shown.data.title}: ${shown.data.servers || "no"} servers, ${shown.moments.length} moments`,
      );
    });
    const strip = this.surface(this.strip);
    const whole = this.whole();
    const end = (unit: number): number => whole.unit(this.scale.nearest(unit));
    const seen: [number, number] = [end(this.camera.left), end(this.camera.left + this.width() / this.camera.zoom)];
    if (strip)
      overview(
        strip,
        run,
        this.strip.clientWidth / this.size,
        this.strip.clientHeight / this.size,
        this.look(run, cursor),
        whole,
        seen,
      );
    this.panel();
    this.address();
  }

  private panel(): void {
    const { run, cursor } = this;
    const place = run.placeOf(cursor);
    const state = run.stateAt(cursor);
    const before = place > 0 ? run.stateAt(run.moments[place - 1]) : state;
    const { who, what } = run.words(cursor);
    const time = run.hasTime ? ` · ${run.time(cursor)}` : "";
    byId("place").textContent = `moment ${(place + 1).toLocaleString("en")} of ${run.moments.length.toLocaleString("en")}${time}`;
    byId("sentence").replaceChildren(h("b", {}, who), ` ${what}`);
    byId("count").textContent = this.query ? `${this.found.length.toLocaleString("en")} found` : "";
    byId("scale").setAttribute("aria-pressed", String(this.mode === "time"));
    byId("why").setAttribute("aria-pressed", String(this.asked === cursor));
    chainList(run, this.chain, cursor, (record) => this.go(record));
    conflictList(run, (record) => this.go(record));
    const logs = byId("logs");
    logs.replaceChildren(logsTable(run, state, before, logs.clientWidth));
    byId("servers").replaceChildren(serversTable(run, state, before));
    const leaders = leadersTable(state);
    byId("leaders-part").hidden = !leaders;
    if (leaders) byId("leaders").replaceChildren(leaders);
    byId("flight").replaceChildren(inFlight(run, cursor, (record) => this.go(record)));
    scenario(run, cursor);
    this.script?.["moved"]?.(cursor < (run.moments.at(-1) ?? 0) ? stepOf(run.data, cursor) : Infinity);
    const { notes } = run.data;
    byId("notes-part").hidden = !notes.length;
    byId("notes").replaceChildren(...notes.map((note) => h("li", {}, note)));
  }

  private address(): void {
    const fragment = toFragment({
      moment: this.cursor,
      mode: this.mode,
      zoom: this.camera.zoom,
      query: this.query,
      why: this.asked >= 0 ? this.asked : null,
      run: this.active,
    });
    if (location.hash !== fragment) history.replaceState(null, "", fragment);
  }
}
