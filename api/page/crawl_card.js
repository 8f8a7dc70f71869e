// A playlist as a card: its covers, its name, how far it has come, and what can be done with it.
// What has not changed is left alone, so that focus and what is open stay while a crawl goes on.

import { h, hue, iconButton, problem, sayWhy } from "./dom.js";
import { takeAwayCrawl } from "./lists.js";
import { left, pace, when } from "./pace.js";
import { artwork } from "./tracks.js";
import { unheard, withheld } from "./unheard.js";

const STATES = [["ready", "ready"], ["pending", "on its way"], ["no_preview", "no preview"], ["failed", "failed"], ["skipped", "skipped"], ["missing", "removed"]];
const MISSED = ["no_preview", "failed", "skipped", "missing"];
const RETRIED = ["no_preview", "failed", "skipped"]; // what was removed does not come by trying again
const AGAIN = [["never", "only when I ask"], ["daily", "every day"], ["weekly", "every week"]];

// `act` has what the buttons do; each takes what it needs of `playlist` and `crawl` and gives a promise.
export function crawlCard(act) {
  const parts = Object.fromEntries(["covers", "name", "close", "when", "legend", "reasons", "actions", "unheard", "more", "withheld", "forgotten", "error"]
    .map((name) => [name, h("div", { class: `of-${name}` })]));
  const status = h("span", { class: "count" });
  const bar = h("div", { class: "progress", role: "progressbar", "aria-valuemin": "0" });
  const element = h("li", { class: "crawl" },
    h("div", { class: "bar" }, parts.covers, h("div", { class: "called" }, parts.name, parts.when), status, parts.close), bar,
    parts.legend, parts.reasons, parts.error, parts.withheld, parts.forgotten, parts.unheard, h("div", { class: "doing" }, parts.actions, parts.more));
  const drawn = {};
  const estimate = pace();
  let now = {};

  // Draws a part anew where what it shows is other than before; focus goes to what has the same label.
  function part(name, shows, make) {
    const signature = JSON.stringify([named(), shows]);
    if (drawn[name] === signature) return;
    drawn[name] = signature;
    const label = parts[name].contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    parts[name].replaceChildren(...[shows ? make(shows) : null].flat().filter(Boolean));
    if (label) [...parts[name].querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === label)?.focus();
  }

  const named = () => now.playlist?.name ?? now.crawl.playlist;

  // A button whose work may fail, which is said; it cannot be pressed twice.
  function button(text, label, work, kind = "button") {
    const one = h("button", { type: "button", class: kind, "aria-label": label, onclick: async () => {
      one.disabled = true;
      try {
        await work();
      } catch (error) {
        sayWhy(error);
      }
      one.disabled = false;
    } }, text);
    return one;
  }

  function renaming() {
    const back = () => { drawn.name = null; draw(); parts.name.querySelector("button")?.focus(); };
    const field = h("input", { type: "text", class: "search", "aria-label": "Name", maxlength: "200", value: now.playlist.is_named ? named() : "",
      placeholder: named(), onkeydown: (event) => { if (event.key === "Escape") back(); } });
    const form = h("form", { class: "rename", onsubmit: async (event) => {
      event.preventDefault();
      try {
        await act.change(now, { name: field.value });
        back();
      } catch (error) {
        sayWhy(error);
      }
    } }, field, h("button", { class: "button primary" }, "Save"), h("button", { type: "button", class: "button", onclick: back }, "Cancel"));
    drawn.name = "being renamed";
    parts.name.replaceChildren(form);
    field.focus();
    field.select();
  }

  function draw() {
    const { playlist, crawl } = now;
    const missed = MISSED.reduce((sum, state) => sum + (crawl.states[state] ?? 0), 0);
    const mayCome = RETRIED.some((state) => crawl.states[state]);
    const counts = STATES.filter(([state]) => crawl.states[state]);
    const over = crawl.done && !crawl.forgotten;
    element.dataset.crawl = crawl.crawl_id;
    part("covers", (playlist?.covers ?? []).map((url) => artwork({ artwork_url: url })).filter(Boolean),
      (covers) => h("span", { class: covers.length ? "mosaic" : "mosaic none", "aria-hidden": "true", style: { "--hue": String(hue(named())) } }, covers.length ? covers.map((src) =>
        h("img", { src, alt: "", loading: "lazy", width: "26", height: "26", onerror: (event) => event.target.remove() })) : [...named()][0].toUpperCase()));
    if (drawn.name !== "being renamed") {
      const mayRename = Boolean(playlist && !crawl.forgotten);
      part("name", [named(), mayRename], () => [h("strong", {}, named()), mayRename
        ? h("button", { type: "button", class: "quiet", "aria-label": `Rename ${named()}`, onclick: renaming }, "Rename") : null]);
    }
    const dated = [crawl.finished ? `Read ${when(crawl.finished)}` : `Begun ${when(crawl.started)}`,
      playlist?.next_crawl ? `looked through ${when(playlist.next_crawl)}` : null].filter(Boolean).join(" · ");
    part("when", dated, () => h("time", { datetime: crawl.started, title: new Date(crawl.started).toLocaleString() }, dated));
    status.textContent = stands(crawl);
    bar.hidden = over && !missed;
    bar.setAttribute("aria-label", `Progress of ${named()}`);
    bar.setAttribute("aria-valuemax", String(Math.max(crawl.total, 1)));
    bar.setAttribute("aria-valuenow", String(crawl.total - crawl.pending));
    bar.replaceChildren(...counts.map(([state]) => h("span", { class: `part ${state}`, style: { "--share": String(crawl.states[state]) } })));
    part("legend", [crawl.total, crawl.states], () => h("p", { class: "legend" },
      counts.map(([state, text]) => h("span", { class: `key ${state}` }, `${crawl.states[state]} ${text}`)), crawl.total ? null : "Nothing read so far."));
    part("reasons", Object.keys(crawl.reasons).length ? crawl.reasons : null, () => h("p", { class: "hint" },
      Object.entries(crawl.reasons).map(([reason, n]) => `${reason.replaceAll("_", " ")}: ${n}`).join(" · ")));
    part("error", crawl.error?.code === "crawl_cancelled" ? null : crawl.error, () => problem(crawl.error));
    part("withheld", crawl.forgotten ? null : crawl.withheld, () => withheld(crawl.withheld, () => act.agree(now, crawl.withheld.tracks)));
    part("forgotten", crawl.forgotten ? [crawl.removed, crawl.only_held] : null, () => h("p", { class: "hint" }, crawl.removed
      ? `${crawl.removed} tracks are removed with it.` : `No other playlist holds ${crawl.only_held} of its tracks. `,
    crawl.only_held && !crawl.removed ? button("Remove them", `Remove them: ${named()}`, () => act.forget(now, true)) : null));
    part("close", over, () => iconButton("close", `Forget ${named()}`, () => act.forget(now, false)));
    part("unheard", crawl.done && missed ? [missed, crawl.crawl_id] : null, () => unheard(missed, (after) => act.unheard(now, after)));
    const anew = mayCome || crawl.error || crawl.cancelled ? "Try again" : "Look for new tracks";
    part("actions", crawl.forgotten ? null : [over, anew, Boolean(crawl.cancelled)], () => [
      over ? button(anew, `${anew}: ${named()}`, () => act.again(now)) : null,
      !crawl.done && !crawl.cancelled ? button("Cancel", `Cancel ${named()}`, () => act.cancel(now)) : null]);
    part("more", over ? [crawl.crawl_id, crawl.total > missed, playlist?.again] : null, () => h("details",
      { open: Boolean(parts.more.querySelector("details")?.open) }, h("summary", { "aria-label": `Schedule and export of ${named()}` }, "Schedule, export"),
      h("p", { class: "hint" }, crawl.playlist),
      playlist ? h("div", { class: "settings" }, h("label", {}, "Look for new tracks ", schedule(playlist))) : null,
      crawl.total > missed ? takeAwayCrawl((format) => act.listed(now, format)) : null));
  }

  function schedule(playlist) {
    return h("select", { "aria-label": `How often ${named()} is looked through`, onchange: async (event) => {
      try {
        await act.change(now, { again: event.target.value });
      } catch (error) {
        event.target.value = playlist.again;
        sayWhy(error);
      }
    } }, AGAIN.map(([value, text]) => h("option", { value, selected: value === playlist.again }, text)));
  }

  function stands(crawl) {
    if (crawl.forgotten) return "forgotten";
    if (crawl.cancelled) return crawl.done ? "cancelled" : "stopping";
    if (crawl.error) return "ended early";
    if (crawl.waiting_until) return `waits until ${new Date(crawl.waiting_until).toLocaleTimeString()}`;
    if (crawl.done) return "done";
    const seconds = estimate(crawl.total - crawl.pending, crawl.pending);
    const rest = seconds === null || !crawl.pending ? "" : ` · ${crawl.finished ? "" : "so far "}${left(seconds)}`;
    return `${crawl.finished ? "listening" : "reading"}${rest}`;
  }

  return { element, shown: () => now, show(playlist, crawl) { now = { playlist, crawl }; draw(); } };
}
