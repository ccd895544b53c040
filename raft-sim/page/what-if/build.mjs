// Builds dist/what-if.js, which is checked in as the page is: node what-if/build.mjs [OUT]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? fileURLToPath(new URL("../dist/what-if.js", import.meta.url));
const options = { bundle: true, minify: true, write: false, charset: "ascii", format: "iife", target: "es2022" };
const result = await build({ entryPoints: [`${here}what-if.ts`], ...options });
const script = result.outputFiles[0].text.trim();
if (script.includes("</script")) throw new Error("the script would end its own element");
writeFileSync(out, script + "\n");
console.log(`${out}: ${Buffer.byteLength(script)} bytes`);
