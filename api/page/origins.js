// Where music may come from: what each source gives, and which of them are on. How one is switched on is nothing for a listener.

import { api } from "./api.js";
import { h, problem } from "./dom.js";

export function origins() {
  const list = h("ul", { class: "origins", "aria-label": "Sources" });
  const panel = h("details", { class: "lists" }, h("summary", {}, "Where music may come from"), list);
  api.sources().then(
    ({ sources }) => list.append(...sources.sort((one, other) => other.on - one.on).map(origin)),
    (error) => panel.append(problem(error)));
  return panel;
}

function origin({ label, on, gives }) {
  return h("li", { class: on ? "on" : "off" }, h("strong", {}, label), h("span", { class: "state" }, on ? "on" : "off"),
    h("p", {}, gives), on ? "" : h("p", { class: "hint" }, "Whoever runs this Earshot can switch it on."));
}
