// Where everything begins: search, and what sounds like what was chosen. Mix and lists are redrawn around whoever uses them.

import { address, hasSeeds, put, read, toggled } from "./address.js";
import { about, api } from "./api.js";
import { ACCEPT, ask } from "./drop.js";
import { h, icon, problem } from "./dom.js";
import { filterControl } from "./filters.js";
import { redraw } from "./focus.js";
import { picker } from "./picker.js";
import { mix, taken } from "./mix.js";
import { catalogue, start } from "./start.js";
import { mayPass } from "./words.js";

const KINDS = { mix, list: catalogue, start };

export async function explore(main, values, tools) {
  let state = read(values);
  let kind = "";
  const change = (next, how) => tools.go(address(typeof next === "function" ? next(state) : { ...state, ...next }), how);
  const hero = h("section", { class: "hero" },
    h("h1", {}, "What sounds like this?"),
    picker({ label: "Find a track", placeholder: "", big: true, adds: true,
      onPick: (track) => change((now) => put(now, "like", track.track_id)), onAll: (text) => change({ text, like: [], less: [] }) }),
    clips(tools.go));
  const body = h("div", { class: "body" });
  main.replaceChildren(hero, body);
  await show(tools);
  return { update: (next, more) => { state = read(next); return show(more); } };

  async function show({ stays, rows }) {
    const now = hasSeeds(state) ? "mix" : isNarrowed(state) ? "list" : "start";
    const shown = rows ?? (now === kind ? body.querySelectorAll(".pages > .tracks > .track").length : 0);
    if (!kind) head(now);
    const stage = (await about().catch(() => ({}))).stage ?? "";
    const view = { state, change, stage, rows: shown, go: tools.go };
    const drawn = await KINDS[now](view).catch((error) => [problem(error), ...instead(error)]);
    if (!stays()) return;
    head(now);
    redraw(body, () => body.replaceChildren(...drawn));
    const names = [...body.querySelectorAll(".seed strong")].map((name) => name.textContent);
    if (names.length) document.title = `${names.join(" + ")} · Earshot`;
  }

  function head(now) {
    kind = now;
    hero.classList.toggle("small", kind !== "start");
    hero.querySelector("input").placeholder = kind === "mix" ? "Add another: title, artist or album" : "Title, artist or album";
  }

  // Beside what went wrong: what is there already, if that may pass; else what may be wrong, to be taken back, and a way out.
  function instead(error) {
    if (mayPass(error)) return [...body.children].filter((part) => !part.matches(".problem"));
    if (error.code === "no_index_yet") return [];
    const without = (tag) => change((now) => ({ ...now, tags: toggled(now.tags, tag) }));
    return [h("div", { class: "settings" },
      error.status === 422 ? [state.tags.map((tag) => taken(tag, `Stop filtering by ${tag}`, () => without(tag))),
        filterControl(state.filters, (filters) => change({ filters }))] : null,
      h("a", { class: "quiet", href: "#/" }, "Start anew"))];
  }
}

const isNarrowed = ({ text, tags, filters }) => text !== "" || tags.length > 0 || Object.keys(filters).length > 0;

// The ways to ask with a sound instead of a name.
function clips(go) {
  const file = h("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true", accept: ACCEPT,
    onchange: () => { if (file.files[0]) ask(go, file.files[0]); } });
  return h("p", { class: "ways" },
    h("a", { class: "button", href: "#/clip?record" }, icon("microphone"), "Record"),
    h("button", { type: "button", class: "button", onclick: () => file.click() }, icon("file"), "Choose a clip"), file,
    h("span", { class: "hint" }, "Drop one here to ", h("a", { href: "#/clip" }, "ask with a clip")));
}
