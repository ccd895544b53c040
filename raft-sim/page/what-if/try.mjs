// Asks "what if" in a real browser: node what-if/try.mjs PROGRAM MODULE ARGUMENTS-OF-VIEW. A run that fails is opened, one message is dropped, and what the
// page says of that branch is what the program says of its file. CHROMIUM names another browser than /usr/bin/chromium.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, module] = process.argv.slice(2).map((path) => resolve(path));
const shown = process.argv.slice(4);
const folder = mkdtempSync(join(tmpdir(), "raft-sim-what-if-"));
const run = (...args) => spawnSync(program, args, { cwd: folder, encoding: "utf8" });
const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" });
try {
  const made = run("view", ...shown, "--what-if", module, "--out", "page.html");
  assert.ok(made.status === 0 || made.status === 1, made.stderr);
  const page = await (await browser.newContext({ acceptDownloads: true })).newPage();
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => /^https?:/.test(request.url()) && wrong.push(request.url()));
  await page.goto(pathToFileURL(join(folder, "page.html")).href);
  const said = () => page.innerText("#what-if-said");
  const rows = () => page.locator("#what-if-branches > li");

  // From each step, back from the violation, until a message can be dropped without which all holds.
  let held;
  for (let back = 1; back < 60 && !held; back++) {
    await page.keyboard.press("ArrowLeft");
    await page.click("#what-if");
    await page.waitForFunction(() => document.querySelector("#what-if-place")?.textContent);
    await page.fill("#what-if-filter", "drop ");
    const drops = page.locator("#what-if-choices button");
    for (let nth = 0; nth < (await drops.count()) && !held; nth++) {
      await drops.nth(nth).click();
      const verdict = await rows().last().locator("p").innerText();
      if (verdict === "all held") held = await rows().last().locator("strong").innerText();
    }
    if (!held) await page.getByRole("button", { name: "Close" }).last().click();
  }
  assert.ok(held, "without some message all holds");
  assert.match(await rows().first().locator("p").innerText(), /\(.*§.*\): /);

  // Its file passes, and that of the run itself shows the violation.
  for (const row of [rows().last(), rows().first()]) {
    const download = page.waitForEvent("download");
    await row.getByRole("button", { name: "Save .raft" }).click();
    const file = join(folder, (await download).suggestedFilename());
    await (await download).saveAs(file);
    assert.match(await said(), /leads to the same state: passed/);
    assert.match(run("test", file).stdout, /1 passed, 0 failed/);
  }
  assert.match(run("fmt", "--check", "branch-0.raft").stderr + run("explain", "branch-0.raft").stdout, /violates/);

  // The branch beside the run, as a page of its own.
  const opened = page.waitForEvent("popup");
  await rows().last().getByRole("button", { name: "Look" }).click();
  const other = await opened;
  await other.waitForSelector("#sentence");
  assert.match(await other.innerText("#header"), /branch/);
  assert.deepEqual(wrong, []);
  console.log(`${held}: held in the page, and its file passes`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
