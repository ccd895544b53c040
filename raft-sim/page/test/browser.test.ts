import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { pagePath, states, text } from "./files.ts";

let browser: Browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" });
});
after(() => browser.close());

/** A page in a context of its own, with everything that it says and asks for. */
async function opened(
  file: string,
  options: { width?: number; height?: number; dark?: boolean; fragment?: string } = {},
): Promise<{ page: Page; wrong: string[] }> {
  const { width = 1440, height = 900, dark = false, fragment = "" } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  const address = pathToFileURL(resolve(file)).href;
  page.on(
    "request",
    (request) =>
      request.url().split("#")[0] !== address && !request.url().startsWith("data:") && wrong.push(`a request: ${request.url()}`),
  );
  await page.goto(address + fragment);
  await settled(page);
  return { page, wrong };
}

const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
  await settled(page);
}

const place = async (page: Page): Promise<number> =>
  Number(/moment ([\d,]+) of/.exec(await page.innerText("#place"))?.[1].replaceAll(",", ""));
const sentence = (page: Page): Promise<string> => page.innerText("#sentence");

test("the page shows at fifty steps what the simulator had", async () => {
  const { page, wrong } = await opened(pagePath("states-7.html"));
  const all = states(7);
  const some = Array.from({ length: 50 }, (_, at) => all[Math.floor((at * all.length) / 50)]);
  for (const { record, servers } of some) {
    // The cursor stops at moments alone: what is shown is the state after the last one up to here.
    await page.evaluate((record) => (location.hash = `#m=${record}&s=steps`), record);
    await settled(page);
    const shown = await page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll("#servers tbody tr")].map((row) => [
          row.querySelector("th")?.textContent,
          [...row.querySelectorAll("td")].map((cell) => cell.textContent),
        ]),
      ),
    );
    const stops = Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("m"));
    assert.ok(stops <= record);
    if (stops !== record) continue;
    const named = (id: number): string => (id ? `S${id}` : "none");
    servers.forEach((server, at) => {
      const own = (row: string): string => String(shown[row]?.[at]).replace(/ \(disk: .*\)$/, "");
      assert.equal(own("role"), server.role, `record ${record}`);
      assert.equal(own("term"), String(server.term), `record ${record}`);
      assert.equal(own("votedFor"), named(server.vote), `record ${record}`);
      assert.equal(own("commitIndex"), String(server.commit), `record ${record}`);
      assert.equal(own("lastApplied"), String(server.applied), `record ${record}`);
    });
  }
  assert.deepEqual(wrong, []);
});

test("a page with a violation opens there, and says why", async () => {
  const { page, wrong } = await opened(pagePath("planted-AnyLog.html"));
  assert.match(await page.innerText("#header"), /§/);
  const steps = await page.locator("#chain li").count();
  assert.ok(steps > 1 && steps <= 15);
  assert.equal(await page.locator("#chain li.origin").count(), 1);
  assert.equal(await page.locator("#chain [aria-current]").count(), 1);
  const last = page.locator("#chain button").last();
  await last.click();
  await settled(page);
  assert.ok((await last.innerText()).startsWith(await sentence(page)));
  await press(page, "[");
  assert.ok(
    (
      await page
        .locator("#chain button")
        .nth(steps - 2)
        .innerText()
    ).startsWith(await sentence(page)),
  );
  await press(page, "v");
  assert.ok((await page.locator("#chain button").first().innerText()).startsWith(await sentence(page)));
  assert.deepEqual(wrong, []);
});

test("every key does what the list of keys says", async () => {
  const { page, wrong } = await opened(pagePath("planted-AnyLog.html"), { fragment: "#m=0" });
  await press(page, "Home");
  assert.equal(await place(page), 1);
  await press(page, "ArrowRight");
  assert.equal(await place(page), 2);
  await press(page, "ArrowLeft");
  assert.equal(await place(page), 1);
  await press(page, "PageDown");
  assert.equal(await place(page), 21);
  await press(page, "PageUp");
  assert.equal(await place(page), 1);
  const who = (await sentence(page)).slice(0, 2);
  await press(page, "l");
  assert.ok((await place(page)) > 1);
  assert.equal((await sentence(page)).slice(0, 2), who);
  await press(page, "h");
  assert.equal(await place(page), 1);
  await press(page, "End");
  const end = await place(page);
  assert.ok(end > 100);
  const zoom = async (): Promise<number> => Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("z"));
  const wide = await zoom();
  await press(page, "+");
  assert.ok((await zoom()) > wide);
  await press(page, "-");
  await press(page, "-");
  assert.ok((await zoom()) < wide);
  await press(page, "0");
  await press(page, "c");
  await press(page, ".");
  await press(page, ",");
  await press(page, "t");
  assert.match(page.url(), /s=time/);
  await press(page, "t");
  assert.doesNotMatch(page.url(), /s=time/);
  await press(page, "w");
  assert.match(page.url(), /s=causes.*w=/);
  assert.ok(await page.isVisible("#chain-part"));
  await press(page, "w");
  assert.ok(!(await page.isVisible("#chain-part")));
  await press(page, "?");
  assert.ok(await page.isVisible("#keys"));
  await press(page, "Escape");
  assert.ok(!(await page.isVisible("#keys")));
  const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset["theme"]);
  const light = await theme();
  await press(page, "d");
  assert.notEqual(await theme(), light);
  await press(page, "Home");
  await press(page, " ");
  await page.waitForFunction(() => !document.querySelector("#place")?.textContent?.startsWith("moment 1 "));
  await press(page, " ");
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, "s")]);
  assert.match(readFileSync(await download.path(), "utf8"), /^<svg xmlns.*<\/svg>\s*$/s);
  assert.deepEqual(wrong, []);
});

test("a search goes from one moment to the next, and says how many there are", async () => {
  const { page, wrong } = await opened(pagePath("states-7.html"), { fragment: "#m=0" });
  await press(page, "/");
  await page.keyboard.type("S2 votes");
  await settled(page);
  assert.match(await page.innerText("#count"), /^\d+ found$/);
  assert.match(await sentence(page), /^S2/);
  const first = await place(page);
  await page.keyboard.press("Enter");
  await settled(page);
  assert.ok((await place(page)) > first);
  await page.keyboard.press("Escape");
  await press(page, "N");
  assert.equal(await place(page), first);
  assert.deepEqual(wrong, []);
});

test("a link leads to its moment", async () => {
  const { page } = await opened(pagePath("planted-AnyLog.html"));
  await press(page, "Home");
  await press(page, "PageDown");
  const fragment = new URL(page.url()).hash;
  const { page: other, wrong } = await opened(pagePath("planted-AnyLog.html"), { fragment });
  assert.equal(await place(other), await place(page));
  assert.equal(await sentence(other), await sentence(page));
  assert.equal(new URL(other.url()).hash, fragment);
  assert.deepEqual(wrong, []);
});

test("a click, a drag and the wheel move the picture", async () => {
  const { page, wrong } = await opened(pagePath("states-7.html"), { fragment: "#m=2000" });
  const picture = page.locator(".picture");
  const box = await picture.boundingBox();
  assert.ok(box);
  const before = await place(page);
  await page.mouse.click(box.x + box.width * 0.8, box.y + box.height * 0.5);
  await settled(page);
  assert.ok((await place(page)) > before);
  await page.mouse.move(box.x + 400, box.y + 100);
  await page.mouse.wheel(0, -400);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, box.y + 100, { steps: 4 });
  await page.mouse.up();
  assert.ok((await page.isHidden("#hover")) || (await page.innerText("#hover")).length > 0);
  assert.deepEqual(wrong, []);
});

test("a history shows its clients, and opens at the operation that contradicts the others", async () => {
  const { page, wrong } = await opened(pagePath("history-stale-read.jsonl.html"));
  assert.match(await page.innerText("h1"), /client \d+ read/);
  const operations = page.locator("#conflict li");
  assert.ok((await operations.count()) >= 2);
  assert.ok(!(await page.isVisible(".state")));
  assert.match(await sentence(page), /^client \d+/);
  await operations.first().locator("button").first().click();
  await settled(page);
  assert.match(await sentence(page), /asks for/);
  await press(page, "Home");
  assert.equal(await place(page), 1);
  assert.deepEqual(wrong, []);
  const { page: legal } = await opened(pagePath("history-legal.edn.html"));
  assert.match(await legal.innerText("#header"), /linearizable/);
  assert.ok(!(await legal.isVisible("#conflict-part")));
});

test("a run with a violation at its clients shows which operations contradict each other", async () => {
  const { page, wrong } = await opened(pagePath("stale-read.html"));
  assert.ok((await page.locator("#conflict li").count()) >= 2);
  assert.ok((await page.innerText("#conflict-note")).length > 20);
  assert.ok(await page.isVisible("#servers"));
  assert.deepEqual(wrong, []);
});

test("nothing is wider than the window, on a phone, at 400 % and at 3840 pixels", async () => {
  for (const [width, height] of [
    [390, 844],
    [320, 640],
    [1440, 900],
    [3840, 2160],
  ]) {
    for (const dark of [false, true]) {
      const { page, wrong } = await opened(pagePath("planted-AnyLog.html"), { width, height, dark });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${width}: ${wide} pixels too wide`);
      assert.deepEqual(wrong, []);
      const shots = process.env["RAFT_SIM_SHOTS"];
      if (shots) await page.screenshot({ path: join(shots, `${width}-${dark ? "dark" : "light"}.png`), fullPage: true });
      await page.context().close();
    }
  }
});

test("a page with a module asks it what if, by the number of actions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  const file = join(folder, "module.html");
  const module =
    "<script>globalThis.raftSimWhatIf = { open: (run, step) => (document.title = `${run.title} at ${step}`) }</script>";
  writeFileSync(file, text("states-7.html").replace("</head>", `${module}</head>`));
  const { page, wrong } = await opened(file, { fragment: "#m=900" });
  await page.click("#what-if");
  const actions = await page.evaluate(() => Number(document.title.replace("seed 7 at ", "")));
  assert.ok(actions > 100 && actions < 900, String(actions));
  assert.deepEqual(wrong, []);
  const { page: other } = await opened(pagePath("states-7.html"));
  assert.equal(await other.locator("#what-if").count(), 0);
});

test("a damaged page says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  const whole = text("states-7.html");
  const cases: [string, RegExp][] = [
    [whole.replace('"records":[0,', '"records":[1,'), /missing or was changed/],
    [whole.replace(/<script type="application\/json"[^]*?<\/script>/, ""), /has none/],
  ];
  for (const [content, reason] of cases) {
    const file = join(folder, "damaged.html");
    writeFileSync(file, content);
    const { page, wrong } = await opened(file);
    assert.match(await page.innerText("[role=alert]"), reason);
    assert.deepEqual(wrong, []);
  }
});
