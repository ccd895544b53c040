// What a mouse, a finger and a wheel do to the picture.

import { byId, h } from "./dom.ts";
import { GUTTER, type Camera, type Layout } from "./layout.ts";
import { abs, ceil, max, min } from "./math.ts";
import type { Run } from "./run.ts";
import type { Scale } from "./scale.ts";

/** What they move. */
export interface Moved {
  readonly runs: Run[];
  readonly scales: Scale[];
  readonly canvases: HTMLCanvasElement[];
  readonly strip: HTMLCanvasElement;
  readonly camera: Camera;
  readonly active: number;
  readonly size: number;
  whole(): Scale;
  layout(run: Run, canvas: HTMLCanvasElement): Layout;
  go(record: number): void;
  zoom(by: number, at?: number): void;
  pan(pixels: number): void;
  clamp(): void;
  draw(): void;
  switchRun(): void;
}

export class Pointers {
  constructor(private readonly app: Moved) {}

  listen(): void {
    this.app.canvases.forEach((canvas, at) => {
      let from: { x: number; left: number; moved: boolean } | null = null;
      const touches = new Map<number, number>();
      let spread = 0;
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        touches.set(event.pointerId, event.offsetX);
        from = { x: event.offsetX, left: this.app.camera.left, moved: false };
        spread = touches.size > 1 ? width(touches) : 0;
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!from) return this.hover(at, event);
        touches.set(event.pointerId, event.offsetX);
        if (touches.size > 1 && spread > 0) {
          const now = width(touches);
          from.moved = true;
          this.app.zoom(now / spread, event.offsetX / this.app.size - GUTTER);
          spread = now;
          return;
        }
        if (abs(event.offsetX - from.x) > 4) from.moved = true;
        if (!from.moved) return;
        this.app.camera.left = from.left - (event.offsetX - from.x) / this.app.size / this.app.camera.zoom;
        this.app.clamp();
        this.app.draw();
      });
      const up = (event: PointerEvent): void => {
        touches.delete(event.pointerId);
        if (from && !from.moved && event.type === "pointerup") {
          if (at !== this.app.active) this.app.switchRun();
          this.app.go(this.pick(at, event.offsetX / this.app.size, event.offsetY / this.app.size));
        }
        from = null;
      };
      canvas.addEventListener("pointerup", up);
      canvas.addEventListener("pointercancel", up);
      canvas.addEventListener("pointerleave", () => (byId("hover").hidden = true));
      canvas.addEventListener(
        "wheel",
        (event) => {
          event.preventDefault();
          if (event.shiftKey || abs(event.deltaX) > abs(event.deltaY)) this.app.pan(event.deltaX || event.deltaY);
          else this.app.zoom(1.0015 ** -event.deltaY, event.offsetX / this.app.size - GUTTER);
        },
        { passive: false },
      );
    });
    const scrub = (event: PointerEvent): void => {
      const whole = this.app.whole();
      const unit =
        ((event.offsetX / this.app.size - GUTTER) / (this.app.strip.clientWidth / this.app.size - GUTTER - 8)) * whole.length;
      this.app.go(whole.nearest(max(0, unit)));
    };
    this.app.strip.addEventListener("pointerdown", (event) => {
      this.app.strip.setPointerCapture(event.pointerId);
      scrub(event);
    });
    this.app.strip.addEventListener("pointermove", (event) => event.buttons && scrub(event));
  }

  /** The moment at a place of a picture: of the lane, if there is one near. */
  private pick(at: number, x: number, y: number): number {
    const run = this.app.runs[at];
    const { camera } = this.app;
    const scale = this.app.scales[at];
    const record = scale.nearest(camera.left + (x - GUTTER) / camera.zoom);
    const canvas = this.app.canvases[at];
    const layout = this.app.layout(run, canvas);
    const lane = ceil((y - layout.lanes) / layout.lane);
    const place = run.placeOf(record);
    for (const by of [0, 1, -1, 2, -2]) {
      const near = run.moments[place + by];
      if (near === undefined || abs(scale.unit(near) - scale.unit(record)) * camera.zoom > 24) continue;
      const rec = run.tape.read(near);
      if ("server" in rec && rec.server === lane) return near;
    }
    return record;
  }

  private hover(at: number, event: PointerEvent): void {
    const run = this.app.runs[at];
    const box = byId("hover");
    if (event.pointerType === "touch" || !run.moments.length || event.offsetX < GUTTER) {
      box.hidden = true;
      return;
    }
    const record = this.pick(at, event.offsetX / this.app.size, event.offsetY / this.app.size);
    const { who, what } = run.words(record);
    box.hidden = false;
    box.replaceChildren(h("b", {}, `${who} `), what, h("span", { class: "quiet" }, ` ${run.time(record)}`));
    const right = min(event.clientX + 14, innerWidth - box.offsetWidth - 10);
    box.style.left = `${max(6, right)}px`;
    box.style.top = `${min(event.clientY + 18, innerHeight - box.offsetHeight - 10)}px`;
  }
}

const width = (touches: Map<number, number>): number => max(...touches.values()) - min(...touches.values()) || 1;
