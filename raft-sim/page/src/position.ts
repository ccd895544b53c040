// The position in a run as the fragment of an address, so that a link points at a moment.

import type { Mode } from "./scale.ts";

export interface Position {
  moment: number | null;
  mode: Mode | null;
  zoom: number | null;
  query: string;
  why: number | null;
  run: number;
}

export function toFragment(position: Position): string {
  const parts = new URLSearchParams();
  if (position.moment !== null) parts.set("m", String(position.moment));
  if (position.mode !== null && position.mode !== "steps") parts.set("s", position.mode);
  if (position.zoom !== null) parts.set("z", position.zoom.toPrecision(4));
  if (position.query) parts.set("q", position.query);
  if (position.why !== null) parts.set("w", String(position.why));
  if (position.run) parts.set("r", String(position.run));
  return `#${parts.toString()}`;
}

const MODES: Mode[] = ["steps", "time", "causes"];

const number = (text: string | null, least: number): number | null => {
  const value = Number(text);
  return text !== null && text !== "" && Number.isFinite(value) && value >= least ? value : null;
};

export function fromFragment(fragment: string): Position {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  return {
    moment: number(parts.get("m"), 0),
    mode: MODES.find((mode) => mode === parts.get("s")) ?? (parts.has("m") ? "steps" : null),
    zoom: number(parts.get("z"), 1e-9),
    query: parts.get("q") ?? "",
    why: number(parts.get("w"), 0),
    run: number(parts.get("r"), 0) ?? 0,
  };
}
