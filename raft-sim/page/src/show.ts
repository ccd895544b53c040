// The texts around the picture: the heading, the chain of causes, and the scenario.

import { byId, h } from "./dom.ts";
import { min } from "./math.ts";
import type { Run } from "./run.ts";
import { Kind } from "./tape.ts";
import type { Chain } from "./why.ts";

/** The heading: what happened, and how to see it again. `alike` is the number of moments that two runs share. */
export function heading(runs: Run[], alike: number, copy: (text: string) => void): void {
  const { data } = runs[0];
  document.title = `${data.violation?.property || data.title} · raft-sim`;
  const { violation } = data;
  const [first = "", ...rest] = violation?.detail.split("\n") ?? [];
  const head = violation
    ? [
        h(
          "p",
          { class: "verdict wrong" },
          [violation.property, violation.section && `(${violation.section})`].filter(Boolean).join(" ") ||
            "An expectation was not met",
        ),
        h("h1", {}, first),
        rest.length ? h("pre", { class: "quiet" }, rest.join("\n")) : "",
      ]
    : [h("p", { class: "verdict" }, data.verdict), h("h1", {}, data.title)];
  const facts = [
    violation ? data.title : "",
    data.subject,
    data.servers ? `${data.servers} servers` : "",
    `${data.observations.toLocaleString("en")} ${data.servers ? "observations" : "events"}`,
  ]
    .filter(Boolean)
    .join(" · ");
  const replay = data.replay
    ? h(
        "p",
        { class: "replay" },
        h("code", {}, data.replay),
        h("button", { id: "copy", onclick: () => copy(data.replay) }, "Copy"),
      )
    : null;
  byId("header").replaceChildren(...head, h("p", { class: "quiet" }, facts), ...(replay ? [replay] : []));
  if (alike >= 0) {
    const [one, other] = runs;
    const all = alike === min(one.moments.length, other.moments.length) && one.moments.length === other.moments.length;
    byId("header").append(
      h(
        "p",
        { class: "differs" },
        all ? "The two runs are the same." : `The two runs are the same for ${alike.toLocaleString("en")} moments.`,
      ),
    );
  }
}

/** The steps of a chain. */
export function chainList(run: Run, chain: Chain | null, cursor: number, go: (record: number) => void): void {
  byId("chain-part").hidden = !chain;
  if (!chain) return;
  const items = chain.steps.map(({ record, how, remark }) => {
    const { who, what } = run.words(record);
    const note = remark && h("span", { class: "remark" }, remark);
    const current = record === cursor;
    const button = h(
      "button",
      { class: "step", "aria-current": current ? "step" : undefined, onclick: () => go(record) },
      h("b", {}, who),
      ` ${what}`,
      note || null,
    );
    const kind = record === chain.origin ? "origin" : undefined;
    return h(
      "li",
      { class: kind },
      button,
      h("span", { class: "quiet how" }, [run.time(record), how].filter(Boolean).join(" · ")),
    );
  });
  byId("chain").replaceChildren(...items);
  const found = chain.origin >= 0 ? "The filled number is where it goes wrong." : "The steps that led here.";
  byId("chain-note").textContent = found;
}

/** The operations of clients that can't be put in order. */
export function conflictList(run: Run, go: (record: number) => void): void {
  byId("conflict-part").hidden = !run.conflict.length;
  byId("conflict-note").textContent = run.data.servers ? (run.data.conflict?.reason ?? "") : "";
  byId("conflict").replaceChildren(
    ...run.conflict.map(({ from, to, ended, row, text }) =>
      h(
        "li",
        {},
        h("button", { class: "step", onclick: () => go(from) }, h("b", {}, run.data.lanes[row]), ` ${text}`),
        h("button", { class: "plain how", onclick: () => go(to) }, `${run.time(from)} to ${ended ? run.time(to) : "the end"}`),
      ),
    ),
  );
}

/** The scenario's text, with the line of the cursor. */
export function scenario(run: Run, cursor: number): void {
  byId("scenario-part").hidden = !run.data.scenario.length;
  if (!run.data.scenario.length) return;
  let line = 0;
  for (let at = run.placeOf(cursor); at >= 0 && !line; at--) {
    const rec = run.tape.read(run.moments[at]);
    if (rec.kind === Kind.Statement) line = rec.line;
  }
  const list = byId("scenario");
  if (!list.childElementCount) list.append(...run.data.scenario.map((text) => h("li", {}, text || " ")));
  [...list.children].forEach((item, at) => item.classList.toggle("current", at + 1 === line));
}
