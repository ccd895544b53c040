import assert from "node:assert/strict";
import { test } from "node:test";
import { Run } from "../src/run.ts";
import { same } from "../src/compare.ts";
import { search } from "../src/search.ts";
import { SvgSurface } from "../src/surface.ts";
import { nice } from "../src/axis.ts";
import { Layout } from "../src/layout.ts";
import { Scene } from "../src/scene.ts";
import { folded, steps, time } from "../src/scale.ts";
import { LIGHT } from "../src/theme.ts";
import { voters, isQuorum, type Log } from "../src/state.ts";
import { Damaged, read, sum, Kind } from "../src/tape.ts";
import { fromFragment, toFragment } from "../src/position.ts";
import { why } from "../src/why.ts";
import { blocks, controls, json, runsOf, scenarios, states, text } from "./files.ts";

for (const seed of [42, 7]) {
  test(`seed ${seed}: the state at fifty steps is what the simulator had`, () => {
    const [run] = runsOf(`states-${seed}.html`);
    const known = states(seed);
    assert.ok(known.length >= 50);
    const log = (of: Log): string[] => of.entries.map((entry) => `${run.tape.entry(entry).index}/${run.tape.entry(entry).term}`);
    for (const { record, servers } of known) {
      const state = run.stateAt(record);
      const ours = state.servers.slice(0, servers.length).map((server) => ({
        up: server.up,
        role: server.up ? ["follower", "candidate", "leader"][server.role] : "down",
        term: server.term,
        vote: server.vote,
        commit: server.commit,
        applied: server.applied,
        log: log(server.log),
        snapshot: server.log.snapshot.index,
        diskTerm: server.disk.term,
        diskVote: server.disk.vote,
        diskLog: log(server.disk.log),
        unsynced: server.unsynced.length,
      }));
      assert.deepEqual(ours, servers, `record ${record}`);
    }
  });
}

test("the way forward and any jump lead to the same state", () => {
  const [run] = runsOf("states-7.html");
  for (const record of [0, 255, 256, 257, run.count - 1]) {
    assert.deepEqual(run.stateAt(record), run.stateAt(record));
    const state = run.stateAt(record);
    assert.equal(state.servers.length, run.data.servers);
  }
  assert.equal(run.momentAt(run.count - 1), run.moments.at(-1));
});

interface Planted {
  file: string;
  acts: [number, number][];
  later: boolean;
}

test("why? ends at the step in which a planted bug acted", () => {
  for (const { file, acts } of json<Planted[]>("planted.json")) {
    const [run] = runsOf(file);
    const chain = why(run, run.violation);
    const told = chain.steps
      .map(({ record, remark }) => `${record} ${Object.values(run.words(record)).join(" ")} ${remark}`)
      .join("\n");
    assert.ok(chain.origin >= 0, `${file}: nothing went wrong in\n${told}`);
    const rec = run.tape.read(chain.origin);
    const at = run.tape.times[chain.origin];
    const acted = rec.kind === Kind.Stepped && acts.some(([time, server]) => time === at && server === rec.server);
    assert.ok(acted, `${file}: it acted at ${JSON.stringify(acts)}, and the origin is ${chain.origin} in\n${told}`);
    assert.ok(chain.steps.length <= 15, `${file}: ${chain.steps.length} steps`);
    assert.ok(chain.steps.some((step) => step.record === chain.origin));
  }
});

test("why? ends at the disk that lost what it promised", () => {
  let seen = 0;
  for (const data of controls()) {
    if (!data.scenario.some((line) => /^(lie|wipe)\b/.test(line))) continue;
    const run = new Run(data);
    const chain = why(run, run.violation);
    const remark = chain.steps.find((step) => step.record === chain.origin)?.remark ?? "";
    assert.match(remark, /^its disk/, data.title);
    seen++;
  }
  assert.ok(seen >= 4);
});

test("in runs of a correct Raft no act is doubted", () => {
  for (const data of scenarios()) {
    const run = new Run(data);
    const doubts = [...run.facts.doubts].filter(([record, { why }]) => !isDisk(why) && record >= 0);
    const told = doubts.map(([record, { why }]) => `${record} ${Object.values(run.words(record)).join(" ")}: ${why}`);
    assert.deepEqual(told, [], data.title);
  }
  for (const name of ["states-42.html", "states-7.html"]) {
    const [run] = runsOf(name);
    assert.equal(run.facts.doubts.size, 0);
  }
});

/** What a scenario does to a disk on purpose. */
const isDisk = (why: string): boolean => why.startsWith("its disk");

test("a search finds moments by their words and by who acts", () => {
  const [run] = runsOf("states-7.html");
  const votes = search(run, "S2 votes");
  assert.ok(votes.length > 0);
  for (const record of votes) {
    const { who, what } = run.words(record);
    assert.match(`${who} ${what}`, /^S2.*vote/i);
  }
  assert.deepEqual(search(run, "no such words"), []);
  assert.deepEqual(search(run, ""), []);
  const [broken] = runsOf("planted-ForgetsCommit.html");
  assert.ok(search(broken, "commit goes back").length > 0);
});

test("data that is cut, changed or of another version is refused with its reason", () => {
  const [{ sum: good, text: whole }] = blocks(text("states-7.html"));
  const refused = (data: string, expected: string, reason: RegExp): void => {
    assert.throws(
      () => new Run(read(data, expected)),
      (error) => error instanceof Damaged && reason.test(error.message),
    );
  };
  const hex = (data: string): string => sum(data).toString(16).padStart(8, "0");
  refused(whole.slice(0, -100), good, /missing or was changed/);
  refused(whole.replace("seed 7", "seed 8"), good, /missing or was changed/);
  const cut = whole.slice(0, -100);
  refused(cut, hex(cut), /no JSON/);
  const other = whole.replace('"version":1', '"version":9');
  refused(other, hex(other), /version 9.*version 1/);
  const fewer = whole.replace(/"records":\[[^\]]*?,(\d+)\]/, (list) => list.replace(/,\d+\]$/, "]"));
  refused(fewer, hex(fewer), /record/);
});

test("two runs are the same up to their first difference", () => {
  const [one] = runsOf("states-7.html");
  const [other] = runsOf("states-7.html");
  const [third] = runsOf("states-42.html");
  assert.equal(same(one, other), one.moments.length);
  const place = same(one, third);
  assert.ok(place < one.moments.length);
});

test("a position comes back from its fragment", () => {
  const position = { moment: 12, mode: "time" as const, zoom: 0.25, query: "S2 votes", why: 7, run: 1 };
  assert.deepEqual(fromFragment(toFragment(position)), position);
  const nothing = { moment: null, mode: null, zoom: null, query: "", why: null, run: 0 };
  assert.deepEqual(fromFragment(""), nothing);
  assert.deepEqual(fromFragment("#m=-4&z=abc&w=&r=x&s=no"), { ...nothing, mode: "steps" });
});

test("scales lead there and back", () => {
  const [run] = runsOf("states-7.html");
  const causes = [run.moments[10], run.moments[500], run.moments[503], run.moments[900]];
  for (const scale of [steps(run), folded(run, causes)]) {
    for (const record of causes) assert.equal(scale.nearest(scale.unit(record)), record);
    let last = -1;
    for (const record of run.moments) {
      assert.ok(scale.unit(record) >= last);
      last = scale.unit(record);
    }
    assert.ok(last <= scale.length);
  }
  assert.ok(folded(run, causes).length < 25);
  const timed = time(run);
  assert.equal(run.tape.times[timed.nearest(timed.unit(run.moments[700]))], run.tape.times[run.moments[700]]);
});

test("configurations in words are read as groups of voters", () => {
  assert.deepEqual(voters("{S1 S2 S3}"), [[1, 2, 3]]);
  assert.deepEqual(voters("{S1 S2}+{S2 S3, learners S4 S5}"), [
    [1, 2],
    [2, 3],
  ]);
  assert.ok(isQuorum([[1, 2, 3]], [1, 3]));
  assert.ok(
    !isQuorum(
      [
        [1, 2],
        [2, 3],
      ],
      [1, 2],
    ),
  );
  assert.ok(
    isQuorum(
      [
        [1, 2],
        [2, 3],
      ],
      [1, 2, 3],
    ),
  );
});

test("the picture is drawn as SVG, the same each time", () => {
  const [run] = runsOf("planted-AnyLog.html");
  const drawn = (): string => {
    const surface = new SvgSurface(1000, 400, run.data.title);
    const chain = why(run, run.violation);
    const scale = folded(
      run,
      chain.steps.map((step) => step.record),
    );
    const camera = { left: 0, zoom: 900 / scale.length };
    const look = {
      camera,
      scale,
      mode: "causes" as const,
      theme: LIGHT,
      cursor: run.violation,
      chain,
      causes: [],
      found: [],
      differs: -1,
    };
    new Scene(surface, run, new Layout(run, 1000, 400), look).draw();
    return surface.toString();
  };
  const svg = drawn();
  assert.equal(svg, drawn());
  assert.match(svg, /^<svg xmlns/);
  assert.match(svg, /leader, term/);
  assert.ok(!/NaN|undefined|Infinity/.test(svg));
});

test("operations that can't be put in order stand on the lanes of their clients", () => {
  for (const file of ["stale-read.html", "history-stale-read.jsonl.html"]) {
    const [run] = runsOf(file);
    assert.ok(run.conflict.length >= 2, file);
    for (const { from, to, row, text } of run.conflict) {
      assert.ok(from < to && row < run.data.lanes.length && text.length > 0, `${file}: ${text}`);
      assert.equal(run.tape.kinds[from], Kind.Asked, file);
    }
    assert.ok(run.conflict.some(({ text }) => /read/.test(text)));
    // A client does one thing at a time.
    for (const one of run.requests) {
      for (const other of run.requests) {
        if (run.data.requests.length && one !== other && one.row === other.row)
          assert.ok(one.to < other.from || other.to < one.from);
      }
    }
  }
  const [legal] = runsOf("history-legal.edn.html");
  assert.equal(legal.conflict.length, 0);
  assert.equal(legal.violation, -1);
});

test("round numbers", () => {
  assert.deepEqual([0.3, 1, 3, 6, 70, 140].map(nice), [1, 1, 5, 10, 100, 200]);
});
