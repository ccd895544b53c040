// The playground: a learner makes a run, act by act, from an empty cluster or from one of the paper's figures. Each act is
// a branch of the simulator's session; the page draws it.

import { button, element, save, started, text, type Ask, type Choice, type Summary } from "./module.ts";
import type { Shows } from "../src/whatif.ts";

/** What the page has to begin with. */
interface Load {
  starts: { group: string; title: string; text: string }[];
  settings: { word: string; what: string; section: string }[];
}
interface State {
  servers: { server: number; up: boolean; paused: boolean; role: string }[];
  flights: { number: number; held: boolean; cut: boolean; text: string }[];
}

class Playground {
  private ask: Ask | undefined;
  private page: Shows | undefined;
  private current: Summary | undefined;
  /** The step of the cursor. */
  private step = 0;
  /** Runs that were left for another one, with the act that did it. */
  private left: { run: Summary; name: string }[] = [];
  private readonly load = JSON.parse(text("what-if-load")) as Load;
  private readonly start = element("select", [], { id: "play-start" });
  private readonly settings = element("div", [], { className: "row" });
  private readonly verdict = element("p", ["The simulator starts…"], { id: "play-verdict" });
  private readonly said = element("p", [], { id: "play-said", className: "quiet" });
  private readonly servers = element("ul", [], { id: "play-servers", className: "acts" });
  private readonly flights = element("ul", [], { id: "play-flights", className: "acts" });
  private readonly more = element("ul", [], { id: "play-more", className: "acts" });
  private readonly runs = element("ul", [], { id: "play-runs", className: "acts" });
  private readonly past = element("details", [element("summary", ["Runs that you left"]), this.runs]);
  private readonly all = button("Deliver all", () => this.act("deliver-all"));

  constructor() {
    this.start.setAttribute("aria-label", "begin with");
    this.verdict.setAttribute("role", "status");
    this.said.setAttribute("role", "status");
    const groups = new Map<string, HTMLOptGroupElement>();
    this.load.starts.forEach(({ group, title }, at) => {
      const made = groups.get(group) ?? element("optgroup", [], { label: group });
      groups.set(group, made);
      made.append(element("option", [title], { value: String(at) }));
    });
    this.start.append(...groups.values());
    this.start.onchange = () => this.settle();
    for (const { word, what, section } of this.load.settings) {
      const box = element("input", [], { type: "checkbox", value: word });
      this.settings.append(element("label", [box, ` ${word}`], { title: `${what} (${section})` }));
    }
  }

  /** Puts the acts beside the picture, and begins. */
  async begin(page: Shows): Promise<void> {
    this.page = page;
    const heading = (title: string): HTMLElement => element("h2", [title]);
    const begin = element("div", [this.start, button("Begin", () => this.attempt(() => this.restart()))], { className: "row" });
    const back = button("Undo", () => this.undo());
    const file = button("Save .raft", () => this.attempt(() => this.save()));
    const part = element(
      "section",
      [
        heading("Playground"),
        begin,
        this.settings,
        this.verdict,
        this.said,
        heading("Servers"),
        this.servers,
        heading("Messages"),
        this.flights,
        element("div", [this.all, back, file], { className: "row" }),
        element("details", [element("summary", ["Everything that can be done"]), this.more]),
        this.past,
      ],
      { className: "part", id: "playground" },
    );
    // What is typed into a list or a box is no key of the page.
    for (const field of part.querySelectorAll("select, input"))
      field.addEventListener("keydown", (event) => event.stopPropagation());
    document.getElementById("panel")?.prepend(part);
    this.settle();
    await this.attempt(async () => {
      this.ask = await started();
      this.restart();
    });
  }

  moved(step: number): void {
    this.step = Math.min(step, this.current?.steps ?? 0);
    this.offer();
  }

  private async attempt(act: () => unknown): Promise<void> {
    try {
      this.said.textContent = "";
      await act();
    } catch (error) {
      this.said.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** Shows the settings for a cluster that has none of its own. */
  private settle(): void {
    const own = this.load.starts[Number(this.start.value)];
    this.settings.hidden = own?.group !== this.load.starts[0]?.group;
  }

  private restart(): void {
    const chosen = this.load.starts[Number(this.start.value)];
    if (!chosen) return;
    const boxes = [...this.settings.querySelectorAll("input")].filter((box) => box.checked).map((box) => box.value);
    const set = this.settings.hidden || !boxes.length ? "" : `settings ${boxes.join(" ")}\n`;
    this.left = [];
    this.show(this.ask!<Summary>({ op: "load", scenario: chosen.text + set }), 0);
  }

  /** Shows a branch after a step; behind its last one, at its end. */
  private show(run: Summary, step = Infinity): void {
    this.current = run;
    const { data, sum } = this.ask!<{ data: string; sum: string }>({ op: "data", branch: run.branch });
    this.verdict.className = run.held ? "verdict" : "verdict wrong";
    this.verdict.textContent = run.verdict === "passed" ? "all held" : run.verdict;
    this.page!.show(data, sum, step);
  }

  private act(op: string, more: Record<string, unknown> = {}, name = op): void {
    void this.attempt(() => {
      const before = this.current!;
      const made = this.ask!<Summary>({ op, branch: before.branch, step: this.step, ...more });
      if (this.step < before.steps) this.left.push({ run: before, name });
      this.show(made);
    });
  }

  private undo(): void {
    void this.attempt(() => {
      const { parent, forked } = this.current!;
      if (parent === null) return;
      const { branches } = this.ask!<{ branches: Summary[] }>({ op: "branches" });
      this.show(branches[parent], forked ?? 0);
    });
  }

  private save(): void {
    this.said.textContent = save(this.ask!, this.current!.branch, this.step);
  }

  /** What can be done at the cursor. */
  private offer(): void {
    if (!this.ask || !this.current) return;
    const { branch } = this.current;
    const at = { branch, step: this.step };
    const state = this.ask<State>({ op: "state", ...at });
    const { enabled } = this.ask<{ enabled: Choice[] }>({ op: "enabled", ...at });
    const doing = (choice: Choice, label: string): HTMLButtonElement => {
      const made = button(label, () => this.act("apply", { action: choice.action }, choice.text));
      made.title = choice.text;
      return made;
    };
    // Each button stands where the choice with this text is one.
    const those = (wanted: [string, string][]): HTMLElement[] =>
      wanted.flatMap(([words, label]) => {
        const choice = enabled.find(({ text }) => text === words);
        return choice ? [doing(choice, label)] : [];
      });
    const over = element("li", ["The run ended here, with a violation. Undo, or go back with the cursor."]);
    const rows = state.servers.map(({ server, up, paused, role }) => {
      const id = `S${server}`;
      const timer = button(role === "Leader" ? "Heartbeat" : "Time out", () =>
        this.act("time-out", { server }, `${id} times out`),
      );
      const acts = those([
        [`propose a command to ${id}`, "Propose"],
        [`crash ${id}`, "Crash"],
        [`restart ${id}`, "Restart"],
        [`pause ${id}`, "Pause"],
        [`resume ${id}`, "Resume"],
        [`cut ${id} from all others`, "Cut off"],
        [`heal ${id} from all others`, "Connect"],
      ]);
      return element("li", [element("b", [id]), ...(up && !paused ? [timer] : []), ...acts]);
    });
    this.servers.replaceChildren(...(enabled.length ? rows : [over]));
    const flights = state.flights.map((flight) => {
      const acts = those([
        [`deliver ${flight.text}`, "Deliver"],
        [`drop ${flight.text}`, "Drop"],
        [`duplicate ${flight.text}`, "Copy"],
      ]);
      return element("li", [element("span", [flight.text]), ...acts]);
    });
    const none = element("li", ["No message is in flight."], { className: "quiet" });
    this.flights.replaceChildren(...(flights.length ? flights : [none]));
    this.all.disabled = !flights.length || !enabled.length;
    this.more.replaceChildren(...enabled.map((choice) => element("li", [doing(choice, choice.text)])));
    const back = (run: Summary): HTMLButtonElement => button("Go back to it", () => void this.attempt(() => this.show(run)));
    this.past.hidden = !this.left.length;
    this.runs.replaceChildren(
      ...this.left.map(({ run, name }) =>
        element("li", [element("span", [`${run.steps} steps, left for “${name}”: ${run.verdict}`]), back(run)]),
      ),
    );
  }
}

const playground = new Playground();
(globalThis as Record<string, unknown>)["raftSimWhatIf"] = {
  start: (page: Shows) => void playground.begin(page),
  moved: (step: number) => playground.moved(step),
};
