// Colours. Terms have hues that stay apart for all kinds of colour vision; everything that a colour says, a form or a
// number says as well.

import { Body } from "./tape.ts";

export interface Theme {
  ground: string;
  lane: string;
  rule: string;
  ink: string;
  quiet: string;
  accent: string;
  wrong: string;
  down: string;
  cut: string;
  disk: string;
  done: string;
  vote: string;
  append: string;
  install: string;
  other: string;
}

export const LIGHT: Theme = {
  ground: "#ffffff",
  lane: "#f6f7f9",
  rule: "#d5d9e0",
  ink: "#1b1f27",
  quiet: "#5a6372",
  accent: "#0b62c4",
  wrong: "#c03a00",
  down: "#8a93a1",
  cut: "#7a4a12",
  disk: "#8a6100",
  done: "#1c7f6b",
  vote: "#9a2a78",
  append: "#33608f",
  install: "#1e7a33",
  other: "#646c79",
};

export const DARK: Theme = {
  ground: "#12151b",
  lane: "#1a1e26",
  rule: "#343b48",
  ink: "#e9edf4",
  quiet: "#a3adbc",
  accent: "#78b4ff",
  wrong: "#ff9461",
  down: "#7b8595",
  cut: "#e0b070",
  disk: "#e3b94a",
  done: "#5fd0b5",
  vote: "#ee94d0",
  append: "#8fbdf0",
  install: "#7fd48d",
  other: "#a9b2c0",
};

const TERMS = ["#77aadd", "#ee9a7c", "#d9c65a", "#f2a3b8", "#8fd3ee", "#4fbd9e", "#b9c73c", "#c3a6dc"];
/** The ink on the colour of a term, in both themes. */
export const ON_TERM = "#14181f";

/** The colour of a term. */
export const termColor = (term: number): string => (term === 0 ? "#c3c9d2" : TERMS[(term - 1) % TERMS.length]);

export function bodyColor(theme: Theme, body: number): string {
  switch (body) {
    case Body.RequestVote:
    case Body.RequestVoteReply:
    case Body.PreVote:
    case Body.PreVoteReply:
    case Body.TimeoutNow:
      return theme.vote;
    case Body.AppendEntries:
    case Body.AppendEntriesReply:
      return theme.append;
    case Body.InstallSnapshot:
    case Body.InstallSnapshotReply:
      return theme.install;
    default:
      return theme.other;
  }
}

export const isReply = (body: number): boolean =>
  (body % 2 === 1 && body <= Body.InstallSnapshotReply) || body === Body.ReadIndexReply;
