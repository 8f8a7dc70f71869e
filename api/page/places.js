// Where somebody was at each step of the history: how far down, at what, and with how many rows.

import { focusMark } from "./focus.js";

const KEPT = "earshot:places";
const MOST = 50;

history.scrollRestoration = "manual";
const places = new Map(read());
let here = null;

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return []; // a browser may forbid to keep anything
  }
}

// Before a view goes: notes where somebody is in it.
export function leavePlace(main) {
  if (here === null) return;
  places.delete(here);
  places.set(here, { scroll: scrollY, focus: focusMark(main), rows: main.querySelectorAll(".pages > .tracks > .track").length });
}

// At a step of the history: what is known of it, if somebody was here before.
export function arrive() {
  here = history.state?.place ?? null;
  if (here !== null) return places.get(here);
  here = crypto.randomUUID?.() ?? String(Math.random()); // without TLS, as on a house's network, there is no randomUUID
  history.replaceState({ ...history.state, place: here }, "");
  return undefined;
}

addEventListener("pagehide", () => {
  leavePlace(document.getElementById("main"));
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...places].slice(-MOST)));
  } catch { /* then it is forgotten */ }
});
