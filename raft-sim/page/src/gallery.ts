// A gallery: for each page in a folder its picture, and one page with all pictures by their sections.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawn, runOf } from "./picture.ts";
import { escaped } from "./surface.ts";

const [folder] = process.argv.slice(2);

interface Item {
  name: string;
  title: string;
  paper: string;
  section: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
* { box-sizing: border-box; }
body { max-width: 1500px; margin: 0 auto; padding: 24px; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 40px 0 12px; }
ul { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr)); gap: 20px; }
a { display: block; color: inherit; text-decoration: none; border: 1px solid #8886; border-radius: 8px; padding: 12px; height: 100%; }
nav { display: flex; flex-wrap: wrap; gap: 10px; margin: 14px 0 0; } nav a, a.play { display: inline-block; padding: 6px 12px; }
a:hover, a:focus-visible { border-color: #0b62c4; }
img { width: 100%; height: 170px; object-fit: contain; background: #fff; border-radius: 4px; }
p { margin: 8px 0 0; } small { color: #767f8d; }`;

/** The number of a section for sorting; the dissertation comes behind the paper. */
const order = (section: string): number[] => [section.startsWith("diss") ? 1 : 0, ...(section.match(/\d+/g) ?? []).map(Number)];

function compare(one: Item, other: Item): number {
  const [left, right] = [order(one.section), order(other.section)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    if ((left[at] ?? -1) !== (right[at] ?? -1)) return (left[at] ?? -1) - (right[at] ?? -1);
  }
  return one.name < other.name ? -1 : 1;
}

const items: Item[] = [];
const NONE = ["index.html", "playground.html"];
for (const file of readdirSync(folder).filter((file) => file.endsWith(".html") && !NONE.includes(file))) {
  const run = runOf(readFileSync(join(folder, file), "utf8"));
  const name = file.replace(/\.html$/, "");
  writeFileSync(join(folder, `${name}.svg`), drawn(run, 860, 48));
  const line = run.data.scenario.find((text) => text.startsWith("paper")) ?? "";
  const paper = line.replace(/^paper\s+/, "");
  items.push({ name, title: run.data.title, paper, section: paper.split(",")[0] });
}
items.sort(compare);
const sections = [...new Set(items.map((item) => item.section))];
const cards = (section: string): string =>
  items
    .filter((item) => item.section === section)
    .map(
      ({ name, title, paper }) =>
        `<li><a href="${escaped(name)}.html"><img src="${escaped(name)}.svg" alt="" loading="lazy"><p>${escaped(title)}</p><small>${escaped(paper)}</small></a></li>`,
    )
    .join("\n");
/** The figures of the paper that show something happen, each with a link to the first scenario about it. */
const FIGURES = [6, 7, 8, 9, 10, 11, 12, 13];
const figures = FIGURES.map((figure) => {
  const about = (item: Item): boolean => new RegExp(`Figure ${figure}\\b`).test(item.paper);
  const named = items.find((item) => item.name.includes(`figure-${figure}`)) ?? items.find(about);
  if (!named) throw new Error(`no scenario is about Figure ${figure}`);
  return `<a href="${escaped(named.name)}.html">Figure ${figure}</a>`;
});
const playground = existsSync(join(folder, "playground.html"))
  ? '<p><a class="play" href="playground.html">The playground: make a run of your own, act by act</a></p>\n'
  : "";
const nav = `${playground}<nav>${figures.join("\n")}</nav>\n`;
const body = sections.map((section) => `<h2>${escaped(section)}</h2>\n<ul>\n${cards(section)}\n</ul>`).join("\n");
const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>The scenarios in pictures</title><style>${STYLE}</style>`;
writeFileSync(
  join(folder, "index.html"),
  `<!doctype html>\n<html lang="en"><head>${head}</head>\n<body><h1>The scenarios in pictures</h1>\n${nav}${body}\n</body></html>\n`,
);
console.log(`${join(folder, "index.html")}: ${items.length} scenarios`);
