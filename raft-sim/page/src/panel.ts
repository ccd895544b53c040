// The panel: the state of the cluster at the cursor, with what changed since the moment before.

import { floor, max, min } from "./math.ts";
import { h } from "./dom.ts";
import { CANDIDATE, CONDITIONS, LABELS, LEADER, configuration, type Server, type State } from "./state.ts";
import type { Run } from "./run.ts";
import { ON_TERM, termColor } from "./theme.ts";

/** The room of one entry, in pixels. */
const CELL = 39;
const MOST_IN_FLIGHT = 12;

/** The state of a server in words, one for each row. */
function rows(run: Run, server: Server): Record<string, string> {
  const roles = ["follower", "candidate", "leader"];
  const { disk, unsynced, conditions } = server;
  const beside = (value: string, durable: string): string =>
    value === durable || !server.up ? value : `${value} (disk: ${durable})`;
  const name = (id: number): string => (id ? `S${id}` : "none");
  const held = CONDITIONS.filter((what) => conditions[what]).map((what) => LABELS[what]);
  if (server.truth) held.push(LABELS.lies);
  return {
    "role": server.up ? roles[server.role] : "down",
    "term": beside(String(server.term), String(disk.term)),
    "votedFor": beside(name(server.vote), name(disk.vote)),
    "log": beside(`${server.log.length}`, `${disk.log.length}`),
    "commitIndex": String(server.commit),
    "lastApplied": String(server.applied),
    "leader": name(server.leader),
    "votes": server.up && (server.role === CANDIDATE || server.role === LEADER) ? server.votes.map(name).join(" ") : "",
    "snapshot": server.log.snapshot.index ? `${server.log.snapshot.index}/${server.log.snapshot.term}` : "",
    "configuration": configuration(run.tape, server, run.firstConfiguration),
    "unsynced": unsynced.length ? String(unsynced.length) : "",
    "condition": held.join(", "),
  };
}

const TITLES: Record<string, string> = {
  "log": "last index",
  "unsynced": "writes not durable",
  "votes": "votes received",
};

/** The table of all servers. */
export function serversTable(run: Run, state: State, before: State): HTMLElement {
  const now = state.servers.map((server) => rows(run, server));
  const then = before.servers.map((server) => rows(run, server));
  const names = Object.keys(now[0] ?? {}).filter((name) => now.some((row) => row[name]));
  const head = h("tr", {}, h("th", { scope: "col" }, ""), ...now.map((_, at) => h("th", { scope: "col" }, `S${at + 1}`)));
  const body = names.map((name) => {
    // The same configuration on all servers stands there once.
    const alike = name === "configuration" && now.every((row, at) => row[name] === now[0][name] && row[name] === then[at][name]);
    if (alike) return h("tr", {}, h("th", { scope: "row" }, name), h("td", { colspan: now.length }, now[0][name]));
    const cells = now.map((row, at) => {
      const changed = row[name] !== then[at][name];
      const cell = h("td", changed ? { class: "changed", title: `before: ${then[at][name] || "none"}` } : {}, row[name]);
      if (name === "role" && row["role"] !== "down") cell.prepend(swatch(state.servers[at].term));
      return cell;
    });
    return h("tr", {}, h("th", { scope: "row" }, TITLES[name] ?? name), ...cells);
  });
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "state of the servers" },
    h("table", { class: "servers" }, h("thead", {}, head), h("tbody", {}, ...body)),
  );
}

const swatch = (term: number): HTMLElement => h("span", { class: "swatch", style: `background:${termColor(term)}` });

/** The first index at which logs of servers differ; 0 if none does. */
export function firstDifference(state: State): number {
  const logs = state.servers.map((server) => server.log);
  const from = max(...logs.map((log) => log.snapshot.index)) + 1;
  const to = max(...logs.map((log) => log.length));
  for (let index = from; index <= to; index++) {
    const entries = new Set(logs.map((log) => log.at(index)).filter((entry) => entry > 0));
    if (entries.size > 1) return index;
  }
  return 0;
}

/** The logs as the paper draws them. */
export function logsTable(run: Run, state: State, before: State, room: number): HTMLElement {
  const columns = max(6, floor((room - 44) / CELL));
  const most = max(0, ...state.servers.map((server) => server.log.length));
  if (!most) return h("p", { class: "quiet" }, "All logs are empty.");
  const differs = firstDifference(state);
  let from = max(1, most - columns + 1);
  if (differs && differs < from) from = max(1, differs - 1);
  const to = min(most, from + columns - 1);
  const indices = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, from > 1 ? "…" : ""),
    ...indices.map((index) => h("th", { scope: "col", class: index === differs ? "differs" : undefined }, String(index))),
  );
  const body = state.servers.map((server, at) => {
    const cells = indices.map((index) => cell(run, server, before.servers[at], index, index === differs));
    const more = server.log.length > to ? `+${server.log.length - to}` : "";
    return h(
      "tr",
      { class: server.up ? undefined : "down" },
      h("th", { scope: "row" }, `S${at + 1}`),
      ...cells,
      more ? h("td", { class: "more" }, more) : null,
    );
  });
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "logs" },
    h("table", { class: "logs" }, h("thead", {}, head), h("tbody", {}, ...body)),
  );
}

function cell(run: Run, server: Server, before: Server, index: number, differs: boolean): HTMLElement {
  if (index <= server.log.snapshot.index) {
    const edge = index === server.log.snapshot.index;
    return h("td", { class: "snapshot", title: `in the snapshot up to ${server.log.snapshot.index}` }, edge ? "▣" : "▪");
  }
  const entry = server.log.at(index);
  if (!entry)
    return h(
      "td",
      { class: before.log.at(index) ? "gone changed" : "none", title: before.log.at(index) ? "removed in this step" : "" },
      "",
    );
  const { term, kind, text } = run.tape.entry(entry);
  const label = ["no-op", text, "config", "session", text][kind] ?? "";
  const durable = server.disk.log.at(index) === entry || server.disk.log.snapshot.index >= index;
  const committed = index <= server.commit;
  const classes = [
    "entry",
    durable ? "" : "volatile",
    committed ? "committed" : "",
    differs ? "differs" : "",
    before.log.at(index) === entry ? "" : "changed",
  ];
  const how = [durable ? "durable" : "not durable", committed && "known to be committed"].filter(Boolean).join(", ");
  const words = `${index}/${term}${label ? `, ${label}` : ""}: ${how}`;
  const short = label
    .replace(/^command /, "")
    .replace(/^session (\d+), serial (\d+)$/, "$1:$2")
    .slice(0, 7);
  return h(
    "td",
    { class: classes.filter(Boolean).join(" "), style: `background:${termColor(term)};color:${ON_TERM}`, title: words },
    h("b", {}, String(term)),
    h("small", {}, short),
  );
}

/** What each leader knows of the others. */
export function leadersTable(state: State): HTMLElement | null {
  const leaders = state.servers
    .map((server, at) => ({ server, id: at + 1 }))
    .filter(({ server }) => server.up && server.role === LEADER);
  if (!leaders.length) return null;
  const all = state.servers.map((_, at) => at + 1);
  const body = leaders.flatMap(({ server, id }) => {
    const others = (list: number[]): HTMLElement[] =>
      all.map((other) => h("td", {}, other === id ? "–" : String(list[other] ?? 0)));
    const next = all.map((other) =>
      h("td", {}, other === id ? "–" : String((server.sent[other] ?? server.match[other] ?? 0) + 1)),
    );
    return [
      h("tr", {}, h("th", { scope: "row" }, `S${id}, term ${server.term}: matchIndex`), ...others(server.match)),
      h(
        "tr",
        {},
        h(
          "th",
          { scope: "row", title: "no server reports its nextIndex: this is the index behind what was sent last" },
          "last sent + 1",
        ),
        ...next,
      ),
    ];
  });
  const head = h("tr", {}, h("th", { scope: "col" }, ""), ...all.map((id) => h("th", { scope: "col" }, `S${id}`)));
  return h("div", { class: "scroll" }, h("table", { class: "servers" }, h("thead", {}, head), h("tbody", {}, ...body)));
}

/** The messages in flight. */
export function inFlight(run: Run, record: number, go: (record: number) => void): HTMLElement {
  const all = run.inFlight(record);
  if (!all.length) return h("p", { class: "quiet" }, "No message is in flight.");
  const shown = all.slice(-MOST_IN_FLIGHT);
  const items = shown.map((flight) => {
    const marks = [flight.copy ? "a copy" : "", flight.held ? "held" : ""].filter(Boolean).join(", ");
    const words = `S${flight.from} → S${flight.to}  ${run.tape.text(flight.text)}${marks ? ` (${marks})` : ""}`;
    return h("li", {}, h("button", { class: "plain", onclick: () => go(flight.step || flight.sent) }, words));
  });
  const more = all.length - shown.length;
  return h(
    "div",
    {},
    h("ul", { class: "messages" }, ...items),
    more > 0 ? h("p", { class: "quiet" }, `and ${more} older ones`) : null,
  );
}
