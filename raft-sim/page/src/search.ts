// Search: moments by the words of their sentences, such as `S2 votes` or `commit goes back`.

import { Kind } from "./tape.ts";
import type { Run } from "./run.ts";

/** A word without the ending that verbs have, so that `votes` finds `vote`. */
const stem = (word: string): string => (/^s\d+$/.test(word) || word.length < 4 ? word : word.replace(/s$/, ""));

/** The moments whose sentences have all words of a query, in order. The first server that it names is who acts. */
export function search(run: Run, query: string): number[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean).map(stem);
  if (!words.length) return [];
  const actor = words.find((word) => /^s\d+$/.test(word));
  const server = actor ? Number(actor.slice(1)) : 0;
  const others = words.filter((word) => word !== actor);
  const texts = run.data.tape.texts.map((text) => text.toLowerCase());
  const has = others.map((word) => Uint8Array.from([0, ...texts.map((text) => (text.includes(word) ? 1 : 0))]));
  return run.moments.filter((record) => {
    const rec = run.tape.read(record);
    if (server && !("server" in rec && rec.server === server)) {
      if (rec.kind !== Kind.Fault || !rec.servers.includes(server)) return false;
    }
    const remark = run.facts.doubts.get(record)?.why.toLowerCase() ?? "";
    const numbers = rec.kind === Kind.Stepped ? rec.texts : "text" in rec ? [rec.text] : [];
    let sentence = "";
    return others.every((word, at) => {
      if (numbers.some((number) => has[at][number]) || remark.includes(word)) return true;
      if (rec.kind === Kind.Stepped && numbers.length) return false;
      sentence ||= Object.values(run.words(record)).join(" ").toLowerCase();
      return sentence.includes(word);
    });
  });
}
