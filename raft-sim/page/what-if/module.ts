// The simulator, as a WebAssembly module that the page has within itself, and elements made in one expression.
// raft-sim/wasm/README.md has the requests.

export interface Choice {
  text: string;
  action: unknown;
}
export interface Summary {
  branch: number;
  parent: number | null;
  forked: number | null;
  steps: number;
  held: boolean;
  verdict: string;
  digest: string | null;
}
export interface Saved {
  scenario: string;
  same: boolean;
  verdict: string;
}
export type Ask = <A>(request: unknown) => A;

export const text = (id: string): string => document.getElementById(id)?.textContent ?? "";

/** A module that answers requests. An answer with an error is thrown. */
export async function started(): Promise<Ask> {
  const coded = atob(text("what-if-module"));
  const bytes = Uint8Array.from(coded, (letter) => letter.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const { memory, input, call, output_length } = instance.exports as {
    memory: WebAssembly.Memory;
    input(length: number): number;
    call(): number;
    output_length(): number;
  };
  return (request) => {
    const asked = new TextEncoder().encode(JSON.stringify(request));
    // The call may grow the memory: its buffer is another one then.
    const room = input(asked.length);
    new Uint8Array(memory.buffer, room, asked.length).set(asked);
    const place = call();
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, place, output_length())));
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  content: (Node | string)[],
  more: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  Object.assign(made, more);
  made.append(...content);
  return made;
}

export const button = (label: string, act: () => void): HTMLButtonElement => element("button", [label], { onclick: act });

/** Saves a branch up to a step as a file, and says what its replay shows. */
export function save(ask: Ask, branch: number, step: number): string {
  const saved = ask<Saved>({ op: "save", branch, step });
  const href = URL.createObjectURL(new Blob([saved.scenario], { type: "text/plain" }));
  element("a", [], { href, download: `branch-${branch}.raft` }).click();
  return saved.same
    ? `Saved; its replay leads to the same state: ${saved.verdict}`
    : `Saved, but its replay leads to another state, since time matters here: ${saved.verdict}`;
}
