// Which keys there are, in a dialog.

import { h, iconButton } from "./dom.js";
import { areOn, switchTo } from "./keys.js";
import { styled } from "./styled.js";

const KEYS = {
  "Everywhere": [["/", "search"], ["?", "this list"]],
  "While something plays": [["Space", "play, pause"], ["←  →", "five seconds back, on"], ["n  p", "next, previous"], ["m", "mute"]],
  "On the map": [["Arrows", "from track to track"], ["Enter", "open the track"], ["+  −", "zoom"], ["Shift + arrows", "select a rectangle"],
    ["a", "select what is in view"], ["Esc", "close, drop the selection"]],
};

export async function help() {
  await styled("player");
  if (document.querySelector("dialog.help")) return;
  const single = h("input", { type: "checkbox", checked: areOn(), onchange: () => switchTo(single.checked) });
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title", onclose: () => dialog.remove(),
    onclick: (event) => { if (event.target === dialog) dialog.close(); } },
  h("div", {}, h("h2", { id: "help-title" }, "Keys"), iconButton("close", "Close", () => dialog.close(), { class: "round corner" }),
    Object.entries(KEYS).map(([where, keys]) => [h("h3", {}, where),
      h("dl", {}, keys.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does))))]),
    h("label", {}, single, " Keys of one letter")));
  document.body.append(dialog);
  dialog.showModal();
}
