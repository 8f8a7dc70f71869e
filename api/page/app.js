// Which view the address asks for. Everything worth keeping is in the address; where somebody was in it, in places.js.

import { watchConnection } from "./connection.js";
import { h, problem } from "./dom.js";
import { watchDrops } from "./drop.js";
import { explore } from "./explore.js";
import { focusMark, restoreFocus } from "./focus.js";
import { arrive, leavePlace } from "./places.js";
import "./keys.js";

// A view draws itself into `main` as the `values` of the address ask, and returns what is to be done when it is left; or
// { leave, update } where `update` shows other values of the same view. It is given { go, stays, rows }: the way to another
// address, whether it is still wanted, and how many rows it showed when somebody was here before.
const VIEWS = {
  explore: async () => explore,
  clip: async () => (await import("./clip.js")).clip,
  path: async () => (await import("./path.js")).path,
  map: async () => (await import("./map.js")).map,
  you: async () => (await import("./you.js")).you,
  playlists: async () => (await import("./playlists.js")).playlists,
};

const main = document.getElementById("main");
const none = { name: null, leave: () => {} };
let shown = none;
let turn = 0;

// `replace`: the step before is not worth going back to, as while a slider moves.
function go(address, { replace = false } = {}) {
  if (!replace && location.hash !== address) {
    location.hash = address;
    return;
  }
  history.replaceState(history.state, "", address);
  show();
}

async function show({ place, again = false } = {}) {
  const mine = ++turn;
  const tools = { go, stays: () => mine === turn, rows: place?.rows };
  const { name, values } = asked();
  announce(name);
  main.setAttribute("aria-busy", "true");
  try {
    if (shown.name !== name || again) await draw(name, values, tools);
    else if (shown.update) await shown.update(values, tools);
    else await drawOver(name, values, tools);
  } catch (error) {
    if (tools.stays()) main.replaceChildren(h("div", { class: "body" }, problem(error, error.again)));
  }
  if (!tools.stays()) return;
  main.removeAttribute("aria-busy");
  if (!place) return;
  scrollTo({ top: place.scroll, behavior: "instant" });
  restoreFocus(main, place.focus);
}

function asked() {
  const [route, text = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: route || "explore", values: new URLSearchParams(text) };
}

function announce(name) {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const link = document.querySelector(`nav a[data-view="${CSS.escape(name)}"]`);
  document.title = name === "explore" ? "Earshot" : `${link?.textContent ?? name[0].toUpperCase() + name.slice(1)} · Earshot`;
  document.body.dataset.view = name;
}

async function draw(name, values, tools) {
  shown.leave();
  shown = none;
  main.replaceChildren();
  const view = name in VIEWS ? await load(name) : nowhere;
  if (!tools.stays()) return;
  shown = { ...none, name };
  const found = await view(main, values, tools);
  const next = { name, leave: () => {}, ...(typeof found === "function" ? { leave: found } : found) };
  if (tools.stays()) shown = next;
  else next.leave();
}

// Of a view that knows no other way than to begin anew: its height and what had the focus are held meanwhile.
async function drawOver(name, values, tools) {
  const [top, mark] = [scrollY, focusMark(main)];
  main.style.setProperty("min-height", `${main.offsetHeight}px`);
  try {
    const drawn = draw(name, values, tools);
    restoreFocus(main, mark);
    await drawn;
  } finally {
    main.style.removeProperty("min-height");
    if (tools.stays()) {
      scrollTo({ top, behavior: "instant" });
      if (document.activeElement === document.body) restoreFocus(main, mark);
    }
  }
}

const modules = new Map();

async function load(name) {
  try {
    if (!modules.has(name)) modules.set(name, await VIEWS[name]());
    return modules.get(name);
  } catch (cause) { // what could not be loaded once, some browsers do not ask for again
    throw Object.assign(new Error("This part of the page could not be loaded.", { cause }), {
      hint: navigator.onLine ? "Earshot may be starting anew." : "You seem to be offline.", again: () => location.reload() });
  }
}

function nowhere(place) {
  place.replaceChildren(h("section", { class: "hero small lost" }, h("h1", {}, "Nothing within earshot here"),
    h("p", {}, "There is no page at this address. It may have been mistyped, or be of another Earshot."),
    h("p", {}, h("a", { class: "button primary", href: "#/" }, "To the start page"))));
}

for (const what of ["began", "left"]) {
  document.addEventListener(`earshot:${what}`, async ({ detail }) => (await import("./listener.js"))[what](detail));
}
document.addEventListener("earshot:again", () => show({ again: true }));
addEventListener("hashchange", () => {
  leavePlace(main);
  const place = arrive();
  const isSame = shown.name === asked().name;
  show({ place });
  if (place || isSame) return; // where somebody was before, and within a view, nothing moves
  main.focus({ preventScroll: true });
  scrollTo({ top: 0, behavior: "instant" });
});
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const field = document.querySelector("main input[type=search]");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
});
watchConnection();
watchDrops(go);
show({ place: arrive() });
