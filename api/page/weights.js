// The slider between what sounds alike and what the same people play; only where something was learned of plays.

import { about } from "./api.js";
import { h } from "./dom.js";

export const hasLearned = async () => Boolean((await about().catch(() => ({}))).spaces?.listening);

export function listeningSlider(value, change) {
  return h("label", { class: "between" }, "sounds like",
    h("input", { type: "range", min: "0", max: "1", step: "0.1", value, "aria-label": "From what sounds alike to what is played together",
      onchange: (event) => change(event.target.value) }), "played together");
}
