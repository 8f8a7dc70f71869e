// Add a playlist and watch it being crawled.

import { api } from "./api.js";
import { h, iconButton, problem, saying } from "./dom.js";
import { takeAwayCrawl } from "./lists.js";
import { origins } from "./origins.js";
import { LISTED } from "./sources.js";
import { unheard, withheld } from "./unheard.js";

const STATES = [["ready", "ready"], ["pending", "on its way"], ["no_preview", "no preview"], ["failed", "failed"], ["skipped", "skipped"], ["missing", "removed"]];
const EVERY = 1500;

export async function playlists(main, _values, { stays }) {
  const input = h("input", { type: "text", class: "search", name: "playlist", required: true, autocomplete: "off", spellcheck: "false",
    "aria-label": "Playlist", placeholder: `${LISTED} link, or a folder on this machine` });
  const key = h("input", { type: "password", class: "search key", name: "key", autocomplete: "current-password", "aria-label": "API key",
    placeholder: "API key", hidden: true });
  const note = h("div", { class: "note" });
  const list = h("ul", { class: "crawls" });
  const cards = new Map();
  const form = h("form", { class: "add", onsubmit: async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const { crawl_id } = await api.start(input.value.trim(), key.value);
      input.value = "";
      note.replaceChildren();
      await draw(crawl_id);
      watch();
    } catch (error) {
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
    }
    button.disabled = false;
  } }, input, key, h("button", { class: "button primary" }, "Crawl it"));
  const file = h("input", { type: "file", "aria-label": "A list from this device",
    accept: ".csv,.tsv,.txt,.m3u,.m3u8,.pls,.xspf,.jspf,.json,.jsonl,.cue", onchange: async () => {
      if (file.files[0]) await look({ text: decoded(await file.files[0].arrayBuffer()), name: file.files[0].name });
      file.value = "";
    } });
  const pasted = h("textarea", { rows: "4", "aria-label": "A list of songs", placeholder: "Artist – Title, one a line; or a table" });
  const lists = h("details", { class: "lists" }, h("summary", {}, "A list of songs: a file, or pasted"),
    h("div", { class: "settings" }, h("label", {}, "File ", file)), pasted,
    h("button", { type: "button", class: "button", onclick: () => look({ text: pasted.value, name: "" }) }, "Look at it"));
  const where = origins();
  main.replaceChildren(
    h("section", { class: "hero small" }, h("h1", {}, "Add a playlist"), form, lists, where, note,
      h("p", { class: "hint" }, "Its tracks can be searched as soon as they have been heard. Audio is deleted after listening.")),
    h("div", { class: "body" }, h("h2", {}, "Crawls"), list));

  let timer;
  const open = new Set();
  const forgetting = new Set();
  try {
    const { crawls } = await api.crawls(key.value);
    if (!crawls.length) {
      list.append(h("li", { class: "empty" }, "None so far."));
      where.open = true;
    }
    for (const crawl of crawls) await draw(crawl.crawl_id, true);
    watch();
  } catch (error) {
    list.replaceChildren(h("li", {}, problem(error)));
  }
  return () => clearTimeout(timer);

  // What was understood of a list, before anything is queued.
  async function look(chosen) {
    try {
      const seen = await api.previewList(chosen, key.value);
      const crawlIt = h("button", { type: "button", class: "button primary", onclick: async () => {
        crawlIt.disabled = true;
        try {
          const { crawl_id } = await api.startList(chosen, key.value);
          note.replaceChildren();
          await draw(crawl_id);
          watch();
        } catch (error) {
          note.replaceChildren(problem(error));
        }
      } }, "Crawl it");
      note.replaceChildren(h("section", { class: "preview", "aria-label": "What was understood" },
        h("p", {}, `${seen.total} rows (${seen.form}, ${seen.encoding}); ${seen.usable} name a recording; `
          + `${seen.in_catalogue} of the first ${seen.looked_for} are in the catalogue.`),
        h("p", { class: "hint" }, Object.entries(seen.columns).map(([column, taken]) => `${column}: ${taken}`).join(" · ")),
        seen.ignored.length ? h("p", { class: "hint" }, `Not used: ${seen.ignored.join(", ")}`) : null,
        h("ol", { class: "rows" }, seen.rows.slice(0, 5).map((one) => h("li", {},
          one.reason ? `${one.text}: ${one.reason.replaceAll("_", " ")}` : [one.artists.join(", "), one.title].filter(Boolean).join(" – ") || one.location || one.isrc || one.text))),
        crawlIt));
    } catch (error) {
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
    }
  }

  function watch() {
    clearTimeout(timer);
    if (!open.size || !stays()) return;
    timer = setTimeout(async () => {
      for (const id of open) await draw(id).catch(() => {});
      watch();
    }, EVERY);
  }

  async function draw(id, atEnd = false) {
    const crawl = await api.crawl(id, key.value).catch((error) => {
      if (error.code !== "crawl_not_found") throw error;
      return null; // accepted, and not yet listed
    });
    if (!crawl || !crawl.done) open.add(id);
    else open.delete(id);
    if (!crawl) return;
    const missed = ["no_preview", "failed", "skipped", "missing"].reduce((sum, state) => sum + (crawl.states[state] ?? 0), 0);
    const begin = saying(async (call) => {
      const { crawl_id } = await call();
      await draw(crawl_id);
      watch();
    });
    const forget = saying(async (removeTracks) => {
      await api.forget(id, removeTracks, key.value);
      open.add(id);
      forgetting.add(id);
      watch();
    });
    if (crawl.forgotten) forgetting.delete(id);
    if (forgetting.has(id)) open.add(id);
    const counts = STATES.filter(([state]) => crawl.states[state]);
    const card = h("li", { class: "crawl", "data-crawl": id },
      h("div", { class: "bar" }, h("strong", {}, crawl.playlist),
        h("span", { class: "count" }, crawl.error ? "ended early" : crawl.waiting_until ? `waits until ${new Date(crawl.waiting_until).toLocaleTimeString()}`
          : crawl.forgotten ? "forgotten" : crawl.done ? "done" : crawl.finished ? "listening" : "reading"),
        crawl.done && !crawl.forgotten ? iconButton("close", `Forget ${crawl.playlist}`, () => forget(false)) : null),
      h("div", { class: "progress", role: "progressbar", "aria-label": `Progress of ${crawl.playlist}`, "aria-valuemin": "0",
        "aria-valuemax": String(Math.max(crawl.total, 1)), "aria-valuenow": String(crawl.total - crawl.pending) },
        counts.map(([state]) => h("span", { class: `part ${state}`, style: { "--share": String(crawl.states[state]) } }))),
      h("p", { class: "legend" }, counts.map(([state, text]) => h("span", { class: `key ${state}` }, `${crawl.states[state]} ${text}`)),
        crawl.total ? null : "Nothing read so far."),
      Object.keys(crawl.reasons).length
        ? h("p", { class: "hint" }, Object.entries(crawl.reasons).map(([reason, n]) => `${reason.replaceAll("_", " ")}: ${n}`).join(" · ")) : null,
      crawl.done && missed ? unheard(missed, (after) => api.unheard(id, after, key.value)) : null,
      crawl.done && crawl.total > missed && !crawl.forgotten ? takeAwayCrawl((format) => api.entriesAs(format, id, key.value)) : null,
      crawl.withheld && !crawl.forgotten
        ? withheld(crawl.withheld, () => begin(() => api.crawlAgain(id, crawl.withheld.tracks, key.value))) : null,
      crawl.forgotten ? h("p", { class: "hint" }, crawl.removed ? `${crawl.removed} tracks are removed with it.`
        : `No other playlist holds ${crawl.only_held} of its tracks. `,
      crawl.only_held && !crawl.removed ? h("button", { type: "button", class: "button", onclick: () => forget(true) }, "Remove them") : null) : null,
      crawl.error ? problem(crawl.error) : null);
    const old = cards.get(id);
    cards.set(id, card);
    if (old) old.replaceWith(card);
    else {
      list.querySelector(".empty")?.remove();
      if (atEnd) list.append(card);
      else list.prepend(card);
    }
  }
}

// Programs write UTF-8, UTF-16 with a mark, or Windows' own letters.
function decoded(buffer) {
  const [first, second] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(buffer);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(buffer);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    return new TextDecoder("windows-1252").decode(buffer);
  }
}
