// Which view the address asks for. Everything worth keeping is in the address.

import { problem } from "./dom.js";
import { explore } from "./explore.js";
import "./keys.js";

const VIEWS = {
  explore: async () => explore,
  clip: async () => (await import("./clip.js")).clip,
  path: async () => (await import("./path.js")).path,
  map: async () => (await import("./map.js")).map,
  you: async () => (await import("./you.js")).you,
  playlists: async () => (await import("./playlists.js")).playlists,
};

const main = document.getElementById("main");
let leave = () => {};
let turn = 0;

function go(address) {
  if (location.hash === address) show();
  else location.hash = address;
}

async function show() {
  const mine = ++turn;
  leave();
  leave = () => {};
  const [route, text = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const name = VIEWS[route] ? route : "explore";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "explore" ? "Earshot" : `${name === "you" ? "For you" : name[0].toUpperCase() + name.slice(1)} · Earshot`;
  document.body.dataset.view = name;
  try {
    const view = await VIEWS[name]();
    if (mine !== turn) return;
    leave = (await view(main, new URLSearchParams(text), { go, stays: () => mine === turn })) ?? (() => {});
    if (mine !== turn) leave();
  } catch (error) {
    main.replaceChildren(problem(error));
  }
}

for (const what of ["began", "left"]) {
  document.addEventListener(`earshot:${what}`, async ({ detail }) => (await import("./listener.js"))[what](detail));
}
addEventListener("hashchange", () => { show(); main.focus({ preventScroll: true }); scrollTo(0, 0); });
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const field = document.querySelector("main input[type=search]");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
});
show();
