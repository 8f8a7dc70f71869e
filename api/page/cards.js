// What the map tells of a track, and of a walk.

import { h, iconButton } from "./dom.js";
import { playAll } from "./play_all.js";
import { artistsOf, named, row } from "./tracks.js";
import { addressOf } from "./walk.js";

// Of an answer to one track: itself, and what sounds like it.
export function chosenCard({ query: [track], results }, stage, close) {
  const id = encodeURIComponent(track.track_id);
  return [
    h("ul", { class: "tracks" }, row({ ...track, similarity: null }, { stage, rest: results })),
    h("h2", {}, "Within earshot"),
    h("ol", { class: "tracks tight" }, results.map((found, number) =>
      row({ ...found, tags: [], shared_tags: [], versions: [] }, { stage, rest: results.slice(number + 1) }))),
    h("p", { class: "settings" }, h("a", { class: "button", href: `#/?like=${id}` }, "Explore from here"), h("a", { class: "button", href: `#/path?from=${id}` }, "Walk from here")),
    iconButton("close", "Close", close, { class: "round corner" }),
  ];
}

export function walkCard(wanted, journey, stage, { open, close }) {
  return [
    h("h2", {}, `A walk of ${journey.length} tracks`),
    h("div", { class: "settings" }, playAll(journey, stage, "Play the walk"), h("a", { class: "button", href: addressOf("path", wanted) }, "Open as a list")),
    h("ol", { class: "plain stops" }, journey.map((track) => h("li", {},
      h("button", { type: "button", class: "entry", onclick: () => open(track) }, h("strong", {}, named(track)), h("span", {}, artistsOf(track)))))),
    iconButton("close", "Drop the walk", close, { class: "round corner" }),
  ];
}
