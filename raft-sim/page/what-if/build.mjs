// Builds dist/what-if.js and dist/playground.js, which are checked in as the page is: node what-if/build.mjs [FOLDER]

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2] ?? fileURLToPath(new URL("../dist/", import.meta.url));
const options = { bundle: true, minify: true, write: false, charset: "ascii", format: "iife", target: "es2022" };
for (const name of ["what-if", "playground"]) {
  const result = await build({ entryPoints: [`${here}${name}.ts`], ...options });
  const script = result.outputFiles[0].text.trim();
  if (script.includes("</script")) throw new Error("the script would end its own element");
  const out = join(folder, `${name}.js`);
  writeFileSync(out, script + "\n");
  console.log(`${out}: ${Buffer.byteLength(script)} bytes`);
}
