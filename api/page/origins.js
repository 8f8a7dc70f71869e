// Where music may come from: what each source gives in this stage, and how to have those that are off.

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

function origin({ label, on, gives, switch_on }) {
  return h("li", { class: on ? "on" : "off" }, h("strong", {}, label), h("span", { class: "state" }, on ? "on" : "off"),
    h("p", {}, gives), switch_on ? h("p", { class: "how" }, switch_on) : "");
}
