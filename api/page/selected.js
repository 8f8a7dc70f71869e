// What can be done with the tracks that were selected on the map.

import { api } from "./api.js";
import { h, iconButton } from "./dom.js";
import { takeAway } from "./lists.js";
import { playAll } from "./play_all.js";
import { named } from "./tracks.js";

const MIXED = 12; // tracks of a selection that a mix is made of
const SHOWN = 6;
const MOST = 250; // tracks that are played and listed

// Points in an order in which each is near the last, from the one that is nearest to (x, y); of many some, from all over.
function inOrder(points, found, [x, y]) {
  const left = found.length <= MOST ? [...found] : Array.from({ length: MOST }, (_, at) => found[Math.floor((at * found.length) / MOST)]);
  const order = [];
  for (let px = x, py = y; left.length;) {
    let best = 0, least = Infinity;
    for (let at = 0; at < left.length; at++) {
      const away = (points.x[left[at]] - px) ** 2 + (points.y[left[at]] - py) ** 2;
      if (away < least) { least = away; best = at; }
    }
    order.push(left[best]);
    [px, py] = [points.x[left[best]], points.y[left[best]]];
    left[best] = left.at(-1);
    left.pop();
  }
  return order;
}

const counted = (n) => `${n.toLocaleString()} ${n === 1 ? "track" : "tracks"}`;

// "mostly jazz and soul"
function mostly(points, found) {
  const tags = new Map();
  for (const i of found) if (points.tags[i]) tags.set(points.tags[i], (tags.get(points.tags[i]) ?? 0) + 1);
  const most = [...tags].filter(([, count]) => count >= 0.2 * found.length).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([tag]) => tag);
  return most.length ? `mostly ${new Intl.ListFormat("en").format(most)}` : "";
}

export const saidOf = (points, found) => [`${counted(found.length)} selected`, mostly(points, found)].filter(Boolean).join(", ");

export function selected(points, found, corner, stage, { open, close }) {
  const order = inOrder(points, found, corner);
  const tracks = order.map(points.track);
  const mixed = Array.from({ length: Math.min(MIXED, tracks.length) }, (_, at) => tracks[Math.floor((at * tracks.length) / Math.min(MIXED, tracks.length))]);
  const link = (route, values, text, title) => h("a", { class: "button", href: `#/${route}?${new URLSearchParams(values)}`, title }, text);
  const [first, last] = [tracks[0], tracks.at(-1)];
  const more = found.length - Math.min(SHOWN, order.length);
  return [
    h("h2", {}, counted(found.length)), h("p", { class: "hint" }, tracks.length ? mostly(points, found) : "There is no track in this part of the map."),
    tracks.length ? h("div", { class: "settings" }, playAll(tracks, stage),
      link("", { like: mixed.map((track) => track.track_id).join(",") }, mixed.length < found.length ? `Mix ${MIXED} of them` : "Mix them", "What sounds like these together"),
      tracks.length > 1 ? link("path", { from: first.track_id, to: last.track_id }, "Walk through", `From ${named(first)} to ${named(last)}`) : null) : null,
    tracks.length ? takeAway((format) => api.listAs(format, tracks.map((track) => track.track_id))) : null,
    found.length > MOST ? h("p", { class: "hint" }, `Played and listed are ${MOST} of them, from all over the selection.`) : null,
    h("ol", { class: "plain" }, order.slice(0, SHOWN).map((i) => h("li", {},
      h("button", { type: "button", class: "entry", onclick: () => open(i) }, h("strong", {}, points.name(i)), h("span", {}, points.artists[i]))))),
    more > 0 ? h("p", { class: "hint" }, `and ${more.toLocaleString()} more`) : null,
    iconButton("close", "Drop the selection", close, { class: "round corner" }),
  ];
}
