// Sliders: between what sounds alike and what the same people play, where something was learned of plays; from hidden gems to what
// is well known, where that is known of any track.

import { about } from "./api.js";
import { h } from "./dom.js";

export const hasLearned = async () => Boolean((await about().catch(() => ({}))).spaces?.listening);

export function listeningSlider(value, change) {
  return h("label", { class: "between" }, "sounds like",
    h("input", { type: "range", min: "0", max: "1", step: "0.1", value, "aria-label": "From what sounds alike to what is played together",
      onchange: (event) => change(event.target.value) }), "played together");
}

export const knowsPopularity = async () => Boolean((await about().catch(() => ({}))).popularity);

export function fameSlider(value, change) {
  return h("label", { class: "between" }, "hidden gems",
    h("input", { type: "range", min: "-1", max: "1", step: "0.25", value, "aria-label": "From hidden gems to what is well known",
      onchange: (event) => change(event.target.value) }), "well known");
}
