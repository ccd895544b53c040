// "What if" in a page: the simulator goes on from any step in another way.

import { button, element, save, started, text, type Ask, type Choice, type Summary } from "./module.ts";

interface Likelihood {
  runs: number;
  held: number;
  violated: Record<string, number>;
}
/** Continuations of one portion, so that the page stays alive, and of one question. */
const PORTION = 10;
const CONTINUATIONS = 200;

/** The window: what can be done after a step, and the branches that were made. */
class Panel {
  private ask: Ask | undefined;
  private step = 0;
  private branch = 0;
  private filter = "";
  /** What each branch was made by, and what else was found out about it. */
  private names: string[] = [];
  private notes: string[] = [];
  private readonly place = element("p", [], { className: "quiet", id: "what-if-place" });
  private readonly said = element("p", [], { id: "what-if-said" });
  private readonly choices = element("ul", [], { id: "what-if-choices" });
  private readonly branches = element("ol", [], { id: "what-if-branches", start: 0 });
  private readonly search = element("input", [], { type: "search", placeholder: "drop S1", id: "what-if-filter" });
  private readonly dialog = element("dialog", [], { id: "what-if-dialog" });

  constructor() {
    this.said.setAttribute("role", "status");
    this.search.setAttribute("aria-label", "filter of what can be done");
    this.search.addEventListener("input", () => {
      this.filter = this.search.value.toLowerCase();
      this.list();
    });
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
    this.dialog.setAttribute("aria-label", "what if");
    const close = button("Close", () => this.dialog.close());
    this.dialog.append(
      element("header", [element("h2", ["What if?"]), this.place, close]),
      this.said,
      element("section", [element("h2", ["What can be done here"]), this.search, this.choices]),
      element("section", [element("h2", ["Branches"]), this.branches]),
    );
    document.body.append(this.dialog);
  }

  async open(step: number): Promise<void> {
    this.dialog.showModal();
    await this.attempt(async () => {
      if (!this.ask) {
        this.said.textContent = "The simulator starts…";
        const ask = await started();
        const loaded = ask<Summary>(JSON.parse(text("what-if-load")));
        this.ask = ask;
        this.names = ["the run of this page"];
        this.said.textContent = loaded.digest
          ? `It ran the same run: digest ${loaded.digest}.`
          : "It replayed the same scenario.";
      }
      this.branch = 0;
      this.step = step;
      this.show();
    });
  }

  /** Does something that may fail; the reason is shown. */
  private async attempt(act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.said.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  private show(): void {
    this.place.textContent = `After step ${this.step.toLocaleString("en")} of branch ${this.branch}.`;
    this.list();
    const { branches } = this.ask!<{ branches: Summary[] }>({ op: "branches" });
    this.branches.replaceChildren(...branches.map((branch) => this.row(branch)));
  }

  private list(): void {
    void this.attempt(() => {
      const { enabled } = this.ask!<{ enabled: Choice[] }>({ op: "enabled", branch: this.branch, step: this.step });
      const shown = enabled.filter((choice) => choice.text.toLowerCase().includes(this.filter));
      const rows = shown.map((choice) => element("li", [button(choice.text, () => void this.attempt(() => this.apply(choice)))]));
      const none = enabled.length ? "Nothing has these words." : "The run ended here, with a violation: choose an earlier step.";
      this.choices.replaceChildren(...(rows.length ? rows : [element("li", [none])]));
    });
  }

  private apply(choice: Choice): void {
    const made = this.ask!<Summary>({ op: "apply", branch: this.branch, step: this.step, action: choice.action });
    this.names[made.branch] = choice.text;
    this.said.textContent = `Branch ${made.branch}, ${choice.text}: ${made.verdict}`;
    this.show();
  }

  private row(branch: Summary): HTMLLIElement {
    const { branch: number, held, verdict, parent, forked } = branch;
    const from = parent === null ? "" : ` (from branch ${parent} after step ${forked})`;
    const found = element("span", [this.notes[number] ?? ""], { className: "quiet" });
    const likely = button(
      "How likely?",
      () => void this.attempt(() => this.likely(number, number === this.branch ? this.step : (forked ?? 0) + 1, found)),
    );
    const actions = element("span", [
      button("Look", () => void this.attempt(() => this.look(number))),
      likely,
      button("Save .raft", () => void this.attempt(() => this.save(branch))),
      ...(number === this.branch
        ? []
        : [
            button("Go on from its next step", () => {
              this.branch = number;
              this.step = (forked ?? this.step) + 1;
              this.show();
            }),
          ]),
    ]);
    return element("li", [
      element("strong", [`${this.names[number] ?? ""}${from}`]),
      element("p", [verdict], { className: held ? "verdict" : "verdict wrong" }),
      actions,
      found,
    ]);
  }

  /** Opens a page with a branch beside the run that it was loaded with. */
  private look(branch: number): void {
    const branches = branch === 0 ? [0] : [branch, 0];
    const { page } = this.ask!<{ page: string }>({ op: "page", branches });
    window.open(URL.createObjectURL(new Blob([page], { type: "text/html" })));
  }

  /** Counts violations among runs that go on from the step with chance drawn anew. */
  private async likely(branch: number, step: number, found: HTMLElement): Promise<void> {
    const sum: Record<string, number> = {};
    for (let first = 0, held = 0; first < CONTINUATIONS; first += PORTION) {
      const part = this.ask!<Likelihood>({ op: "likelihood", branch, step, runs: PORTION, first });
      held += part.held;
      for (const [property, count] of Object.entries(part.violated)) sum[property] = (sum[property] ?? 0) + count;
      const violated = Object.entries(sum)
        .map(([property, count]) => `, ${property} violated in ${count}`)
        .join("");
      found.textContent = this.notes[branch] = ` From step ${step}: all held in ${held} of ${first + PORTION} runs${violated}.`;
      await new Promise((done) => setTimeout(done));
    }
  }

  private save({ branch, steps }: Summary): void {
    this.said.textContent = save(this.ask!, branch, steps);
  }
}

let panel: Panel | undefined;
(globalThis as Record<string, unknown>)["raftSimWhatIf"] = {
  open: (_: unknown, step: number) => void (panel ??= new Panel()).open(step),
};
