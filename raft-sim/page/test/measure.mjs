// Opens pages in Chromium and prints what they took, in rows of docs/view.md.

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
for (const file of process.argv.slice(2)) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const began = performance.now();
  await page.goto(pathToFileURL(resolve(file)).href);
  await frame();
  const open = performance.now() - began;
  const observations = /([\d,]+) observations/.exec(await page.innerText("#header"))[1];
  const median = async (keys) => {
    const times = [];
    for (const key of keys) {
      const start = await page.evaluate(() => performance.now());
      await page.keyboard.press(key);
      await frame();
      times.push((await page.evaluate(() => performance.now())) - start);
    }
    return times.sort((one, other) => one - other)[times.length >> 1];
  };
  await page.keyboard.press("0");
  const zoom = await median(Array(15).fill("+").concat(Array(15).fill("-")));
  const strip = await page.locator("#overview").boundingBox();
  const scrubs = [];
  for (let at = 0; at < 20; at++) {
    const start = performance.now();
    await page.mouse.click(strip.x + 80 + ((strip.width - 100) * at) / 20, strip.y + 10);
    await frame();
    scrubs.push(performance.now() - start);
  }
  const scrub = scrubs.sort((one, other) => one - other)[10];
  const size = (statSync(file).size / 1e6).toFixed(1);
  console.log(
    `| ${observations} | ${size} MB | ${(open / 1000).toFixed(1)} s | ${zoom.toFixed(0)} ms | ${scrub.toFixed(0)} ms |`,
  );
}
await browser.close();
