// Builds the tests of the page for Node.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const entryPoints = readdirSync(here)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => here + name);
const external = ["playwright-core"];
await build({
  entryPoints,
  bundle: true,
  platform: "node",
  format: "esm",
  outdir: process.argv[2],
  outExtension: { ".js": ".mjs" },
  external,
});
