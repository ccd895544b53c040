// Builds the page: TypeScript and CSS, bundled into one file with a place for the data of runs. The same sources give the
// same file, which is checked in, so that nobody who builds raft-sim needs Node.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? `${here}dist/page.html`;
/** The bytes of the script at most. */
const MOST = 60 * 1024;

const bundled = async (entry, more) => {
  const result = await build({
    entryPoints: [here + entry],
    bundle: true,
    minify: true,
    write: false,
    charset: "ascii",
    ...more,
  });
  return result.outputFiles[0].text.trim();
};

// Our own names of properties become short. Those of the browser, of the data, and those that stand in a text stay.
const types = `${here}node_modules/typescript/lib/`;
const libraries = readdirSync(types).filter((name) => /^lib\.(dom|es)/.test(name));
const sources = readdirSync(`${here}src`)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(`${here}src/${name}`, "utf8"));
const data = /export interface RunData[^]*?export const VERSION/.exec(sources.join("\n"))?.[0] ?? "";
const keys = data.match(/\w+(?=:)/g) ?? [];
const texts = sources.flatMap((source) => source.match(/"\w+"/g) ?? []);
const members = libraries.flatMap(
  (name) => readFileSync(types + name, "utf8").match(/^\s+(?:readonly |get |set )?\w+(?=[?(:<])/gm) ?? [],
);
// Names of an enum that stay become the numbers that they stand for.
const enums = sources.flatMap((source) => source.match(/const enum \w+ \{[^}]*\}/g) ?? []);
const reserved = new Set(["class", ...members, ...keys, ...texts, ...enums].join(" ").match(/\w+/g));
const own = new Set(
  sources
    .join(" ")
    .match(/\b[a-zA-Z]\w{2,}\b/g)
    ?.filter((name) => !reserved.has(name)),
);
const mangleProps = new RegExp(`^(${[...own].sort().join("|")})$`);

const bundle = await bundled("src/main.ts", { format: "iife", target: "es2022", mangleProps });
// esbuild looks at an expression once: what several passes find saves another three percent.
const { code: script } = await minify(bundle, {
  ecma: 2020,
  compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
  format: { ascii_only: true },
});
const style = await bundled("src/page.css", { target: "chrome120" });
if (script.includes("</script")) throw new Error("the script would end its own element");
const page = readFileSync(`${here}src/page.html`, "utf8")
  .replace("/*style*/", () => style)
  .replace("/*script*/", () => script);
const size = Buffer.byteLength(script);
writeFileSync("/tmp/out.js", script);
if (size > MOST) throw new Error(`the script has ${size} bytes, and ${MOST} at most`);
mkdirSync(new URL("dist/", import.meta.url), { recursive: true });
writeFileSync(out, page);
console.log(`${out}: ${size} bytes of script, ${Buffer.byteLength(style)} of style`);
