// The program behind `picture`: PAGE OUT [WIDTH [LANE]].

import { readFileSync, writeFileSync } from "node:fs";
import { drawn, runOf } from "./picture.ts";

const [page, out, width = "960", lane = "72"] = process.argv.slice(2);
writeFileSync(out, drawn(runOf(readFileSync(page, "utf8")), Number(width), Number(lane)));
