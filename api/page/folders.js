// Chooses a folder of the machine that Earshot runs on.

import { api } from "./api.js";
import { h, icon, problem } from "./dom.js";

// `choose(folder)` is called with the whole path of the folder that was chosen.
export function folderBrowser(choose) {
  const crumbs = h("p", { class: "crumbs" });
  const list = h("ul", { class: "folders", "aria-label": "Folders" });
  const note = h("div", { class: "note" });
  const take = h("button", { type: "button", class: "button primary" }, "Listen to this folder");
  const fold = h("details", { class: "lists", ontoggle: () => { if (fold.open && !list.children.length) look(""); } },
    h("summary", { class: "button" }, icon("folder"), "A folder on this machine"), crumbs, list, take, note);
  let at = "";
  take.addEventListener("click", async () => {
    take.disabled = true;
    await choose(at).then(() => note.replaceChildren(), (error) => note.replaceChildren(problem(error)));
    take.disabled = false;
  });
  return fold;

  async function look(folder, from = null) {
    try {
      show(await api.folders(folder), from);
      note.replaceChildren();
    } catch (error) {
      note.replaceChildren(problem(error, () => look(folder, from)));
    }
  }

  function show(found, from) {
    at = found.folder;
    const within = (name) => `${at.replace(/\/$/, "")}/${name}`;
    crumbs.replaceChildren(h("strong", {}, at), h("span", { class: "count" }, found.audio_files ? ` · ${found.audio_files} tracks in it` : ""));
    const way = (name, to, label) => h("li", {}, h("button", { type: "button", class: "way", "aria-label": label, onclick: () => look(to, at) }, icon("folder"), name));
    list.replaceChildren(
      found.parent === null ? "" : way("..", found.parent, "The folder above"),
      ...found.folders.map((name) => way(name, within(name))),
      found.folders.length ? "" : h("li", { class: "hint" }, "No folder in it."),
      found.more ? h("li", { class: "hint" }, "and more: write its path below") : "");
    if (from === null) return;
    const back = found.folders.findIndex((name) => within(name) === from);
    list.querySelectorAll("button")[back < 0 ? 0 : back + (found.parent === null ? 0 : 1)]?.focus();
  }
}
