// Buttons that play a list, or put it behind what plays; only where more than one of it may be played.

import { h, icon } from "./dom.js";
import { enqueue, play, playable } from "./player.js";

export function playAll(tracks, stage, text = "Play all") {
  const heard = tracks.filter((track) => playable(track, stage));
  if (heard.length < 2) return null;
  return h("div", { class: "plays" }, h("button", { type: "button", class: "button", onclick: () => play(heard) }, icon("play"), text),
    h("button", { type: "button", class: "button", onclick: () => enqueue(heard) }, icon("list"), "Add to queue"));
}
