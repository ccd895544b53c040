// Plays in a real browser: node what-if/play.mjs PROGRAM MODULE. A leader is elected by hand, a message is lost, and what is saved
// passes. CHROMIUM names another browser than /usr/bin/chromium, RAFT_SIM_SHOTS a folder for pictures of the page.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, module] = process.argv.slice(2).map((path) => resolve(path));
const shots = process.env["RAFT_SIM_SHOTS"];
const folder = mkdtempSync(join(tmpdir(), "raft-sim-play-"));
const run = (...args) => spawnSync(program, args, { cwd: folder, encoding: "utf8" });
const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" });
try {
  const made = run("view", "--playground", "--what-if", module, "--out", "page.html");
  assert.equal(made.status, 0, made.stderr);
  const page = await (await browser.newContext({ acceptDownloads: true, viewport: { width: 1440, height: 900 } })).newPage();
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => /^https?:/.test(request.url()) && wrong.push(request.url()));
  await page.goto(pathToFileURL(join(folder, "page.html")).href);
  // The page draws in the next frame; until then it shows, and offers, what was before.
  const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const click = (button) => button.click().then(drawn);
  const press = (list, row, label) =>
    click(page.locator(`#${list} > li`).nth(row).getByRole("button", { name: label, exact: true }));
  const button = (label) => click(page.getByRole("button", { name: label, exact: true }));
  const roles = () => page.locator("#servers tbody tr").first().locator("td").allInnerTexts();
  await page.waitForFunction(() => document.querySelectorAll("#play-servers button").length > 0);
  assert.deepEqual(await roles(), ["follower", "follower", "follower"]);

  // S1 is elected by the vote of S2; the request to S3 is lost.
  await press("play-servers", 0, "Time out");
  assert.deepEqual(await roles(), ["candidate", "follower", "follower"]);
  assert.equal(await page.locator("#play-flights > li").count(), 2);
  await press("play-flights", 1, "Drop");
  await press("play-flights", 0, "Deliver");
  await press("play-flights", 0, "Deliver");
  assert.deepEqual(await roles(), ["leader", "follower", "follower"]);
  await press("play-servers", 0, "Heartbeat");
  await press("play-servers", 0, "Propose");
  await button("Deliver all");
  assert.equal(await page.innerText("#play-verdict"), "all held");
  const committed = async () => (await page.locator("#servers tr", { hasText: "commitIndex" }).locator("td").allInnerTexts())[0];
  assert.equal(await committed(), "2");

  // What was saved passes.
  const download = page.waitForEvent("download");
  await button("Save .raft");
  const file = join(folder, (await download).suggestedFilename());
  await (await download).saveAs(file);
  assert.match(await page.innerText("#play-said"), /leads to the same state: passed/);
  assert.match(run("test", file).stdout, /1 passed, 0 failed/);
  assert.match(readFileSync(file, "utf8"), /deliver {3}S2 -> S1 RequestVoteReply/);
  assert.doesNotMatch(readFileSync(file, "utf8"), /S1 -> S3 RequestVote/);

  // An act in the middle makes another run, and the one that was left is kept. Undo leads back.
  await page.keyboard.press("Home");
  await drawn();
  await press("play-servers", 1, "Time out");
  assert.deepEqual(await roles(), ["follower", "candidate", "follower"]);
  await page.getByText("Runs that you left").click();
  assert.equal(await page.locator("#play-runs > li").count(), 1);
  await button("Go back to it");
  assert.equal(await committed(), "2");
  await button("Undo");
  assert.equal(await committed(), "0");

  // Every figure can be begun with.
  const starts = await page.locator("#play-start option").count();
  for (let at = 0; at < starts; at++) {
    await page.selectOption("#play-start", String(at));
    await button("Begin");
    assert.equal(await page.innerText("#play-said"), "", `start ${at}`);
  }
  for (const [width, height] of shots
    ? [
        [390, 844],
        [1440, 900],
        [3840, 2160],
      ]
    : []) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(shots, `playground-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  assert.deepEqual(wrong, []);
  console.log(`a leader is elected by hand, and what is saved passes; ${starts} runs to begin with`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
