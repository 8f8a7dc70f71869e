// Keys that work in every view. Nothing is taken from a field, a button or whatever else needs the key itself.

import { next, loud, playOrPause, previous, seek, state } from "./player.js";

const STEP = 5; // seconds
const OFF = "earshot-keys-off";

const store = (() => { try { return localStorage; } catch { return null; } })();

export const areOn = () => store?.getItem(OFF) !== "1";
export const switchTo = (on) => (on ? store?.removeItem(OFF) : store?.setItem(OFF, "1"));

const PLAYING = {
  " ": playOrPause,
  n: next,
  p: previous,
  m: () => loud(state().volume, !state().muted),
  ArrowLeft: () => seek(state().at - STEP),
  ArrowRight: () => seek(state().at + STEP),
};

const TYPED = "input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable], dialog *";
// What else needs a key itself.
const NEEDED = { " ": "button, summary, input, [role=option]", ArrowLeft: "input", ArrowRight: "input" };

function press(event) {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest?.(TYPED)) return;
  if (!areOn() && key.length === 1) return;
  if (key === "?") import("./help.js").then(({ help }) => help());
  else if (PLAYING[key] && state().track && !event.shiftKey && !(NEEDED[key] && target.closest?.(NEEDED[key]))) PLAYING[key]();
  else return;
  event.preventDefault();
}

addEventListener("keydown", press);
