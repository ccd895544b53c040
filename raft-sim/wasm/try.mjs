// Compares the module with the program: node try.mjs raft-sim.wasm PROGRAM

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asking } from "./ask.mjs";

const [, , module, program] = process.argv;
const bytes = readFileSync(module);
assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), [], "the module has no imports");
const ask = await asking(bytes);
const run = (...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
const version = ask({ op: "version" });
assert.equal(version.format, "raft-sim what-if");
assert.equal(version.version, 1);

// The same digests.
for (const [seed, options] of [["42", {}], ["7", { servers: "3" }], ["18446744073709551615", { faults: "crash,loss" }]]) {
    const loaded = ask({ op: "load", seed, options });
    const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const [, digest] = run("run", "--seed", seed, ...given).match(/digest ([0-9a-f]{16})/);
    assert.equal(loaded.digest, digest, `seed ${seed}`);
    console.log(`seed ${seed}: digest ${digest}, here and in the program`);
}

// The same observations.
const whole = ask({ op: "load", seed: "42" });
const folder = mkdtempSync(join(tmpdir(), "raft-sim-wasm-"));
const file = join(folder, "branch.raft");
try {
    const exported = run("export", "--seed", "42").trimEnd().split("\n");
    const lines = ask({ op: "observations", branch: 0, from: 0, to: 500 }).lines;
    const first = exported.findIndex((line) => line.includes('"type":"action"'));
    assert.deepEqual(lines.slice(0, 400), exported.slice(first, first + 400));
    console.log(`${lines.length} observations, the same as the program's`);

    // A branch without a message, and its file.
    const step = 3000;
    const { enabled } = ask({ op: "enabled", branch: 0, step });
    const drop = enabled.find(({ text }) => text.startsWith("drop "));
    const branch = ask({ op: "apply", branch: 0, step, action: drop.action });
    assert.equal(branch.parent, 0);
    assert.equal(branch.forked, step);
    assert.notEqual(branch.digest, whole.digest);
    const [before, after] = [step, step + 1].map((step) => ask({ op: "state", branch: 1, step }));
    assert.equal(after.flights.length, before.flights.length - 1);
    const saved = ask({ op: "save", branch: 1, step: step + 20 });
    assert.equal(saved.same, true);
    writeFileSync(file, saved.scenario);
    assert.match(run("test", file), /1 passed, 0 failed/);
    console.log(`${drop.text}: ${branch.verdict}; saved, and its replay by the program passes`);
} finally {
    rmSync(folder, { recursive: true });
}

// How likely, and what is refused.
const likely = ask({ op: "likelihood", branch: 0, step: 3000, runs: 5, first: 0 });
assert.equal(likely.runs, 5);
assert.match(ask({ op: "state", branch: 9, step: 0 }).error, /branch 9 has no step 0/);
assert.match(ask({ op: "load", scenario: "nonsense" }).error, /scenario:1:1/);
assert.match(ask({ op: "load", seed: "x" }).error, /`x` is no seed/);
assert.match(ask({ op: "dance" }).error, /unknown variant `dance`/);
console.log("the module answers as the program does");
