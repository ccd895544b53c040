// The page: reads its data, draws, and does what keys, buttons and pointers ask.

import { App } from "./app.ts";
import { byId, h } from "./dom.ts";
import { Run } from "./run.ts";
import { Damaged, read } from "./tape.ts";

function start(): void {
  const blocks = [...document.querySelectorAll<HTMLScriptElement>("script.run")];
  if (!blocks.length) throw new Damaged("it has none: `raft-sim view` makes a page with a run in it");
  const runs = blocks.map((block) => new Run(read(block.textContent ?? "", block.dataset["sum"] ?? "")));
  for (const block of blocks) block.remove();
  const app = new App(runs);
  app.start();
}

try {
  start();
} catch (error) {
  if (!(error instanceof Damaged)) throw error;
  byId("app").replaceChildren(
    h(
      "p",
      { class: "damaged", role: "alert" },
      `The run in this page can't be shown: ${error.message}. Make the page again with raft-sim view.`,
    ),
  );
}
