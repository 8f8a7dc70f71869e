// Add a playlist, watch it being heard, and look after those that are there.

import { api } from "./api.js";
import { crawlCard } from "./crawl_card.js";
import { h, problem } from "./dom.js";
import { origins } from "./origins.js";
import { LISTED } from "./sources.js";
import { styled } from "./styled.js";

const EVERY = 1500, MOST_PAGES = 20;

export async function playlists(main, _values, { stays }) {
  const input = h("input", { type: "text", class: "search", name: "playlist", required: true, autocomplete: "off", spellcheck: "false",
    "aria-label": "Playlist", placeholder: `${LISTED} link, or a folder on this machine` });
  const key = h("input", { type: "password", class: "search key", name: "key", autocomplete: "current-password", "aria-label": "API key",
    placeholder: "API key", hidden: true });
  const note = h("div", { class: "note" });
  const list = h("ul", { class: "crawls" });
  const form = h("form", { class: "add", onsubmit: async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const { crawl_id } = await api.start(input.value.trim(), key.value);
      input.value = "";
      note.replaceChildren();
      await follow(crawl_id);
    } catch (error) {
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
    }
    button.disabled = false;
  } }, input, key, h("button", { class: "button primary" }, "Add it"));
  const file = h("input", { type: "file", "aria-label": "A list from this device",
    accept: ".csv,.tsv,.txt,.m3u,.m3u8,.pls,.xspf,.jspf,.json,.jsonl,.cue", onchange: async () => {
      if (file.files[0]) await look({ text: decoded(await file.files[0].arrayBuffer()), name: file.files[0].name });
      file.value = "";
    } });
  const pasted = h("textarea", { rows: "4", "aria-label": "A list of songs", placeholder: "Artist – Title, one a line; or a table" });
  const lists = h("details", { class: "lists" }, h("summary", {}, "A list of songs: a file, or pasted"),
    h("div", { class: "settings" }, h("label", {}, "File ", file)), pasted,
    h("button", { type: "button", class: "button", onclick: () => look({ text: pasted.value, name: "" }) }, "Look at it"));
  await styled("playlists");
  if (!stays()) return undefined;
  main.replaceChildren(
    h("section", { class: "hero small" }, h("h1", {}, "Add a playlist"), form, lists, origins(), note,
      h("p", { class: "hint" }, "Its tracks can be searched as soon as they have been heard. Audio is deleted after listening.")),
    h("div", { class: "body" }, h("h2", {}, "Your playlists"), list));

  let timer;
  const cards = new Set();
  const open = new Set();
  const act = {
    again: async ({ crawl }) => follow((await api.crawlAgain(crawl.crawl_id, 0, key.value)).crawl_id),
    agree: async ({ crawl }, tracks) => follow((await api.crawlAgain(crawl.crawl_id, tracks, key.value)).crawl_id),
    cancel: async ({ crawl }) => refresh(crawl.crawl_id, await api.cancel(crawl.crawl_id, key.value)),
    change: async ({ playlist, crawl }, change) => {
      const changed = await api.changePlaylist(playlist.playlist_id, change, key.value);
      cardOf(crawl)?.show(changed, crawl);
    },
    forget: async ({ crawl }, removeTracks) => {
      await api.forget(crawl.crawl_id, removeTracks, key.value);
      open.add(crawl.crawl_id);
      going.set(crawl.crawl_id, removeTracks ? ({ removed }) => removed : ({ forgotten }) => forgotten);
      watch();
    },
    unheard: ({ crawl }, after) => api.unheard(crawl.crawl_id, after, key.value),
    listed: ({ crawl }, format) => api.entriesAs(format, crawl.crawl_id, key.value),
  };
  const going = new Map(); // what is to be forgotten or removed, and what tells that it is

  try {
    await load();
    watch();
  } catch (error) {
    list.replaceChildren(h("li", {}, problem(error)));
  }
  return () => clearTimeout(timer);

  // Playlists, and crawls that are none yet (nobody has begun them) or of which the list may not be seen.
  async function load() {
    const [known, { crawls }] = await Promise.all([ownPlaylists(), api.crawls(key.value)]);
    const ids = new Set(known.map((playlist) => playlist.playlist_id));
    const others = crawls.filter((crawl) => !ids.has(crawl.playlist_id));
    const counted = await Promise.all(others.map((crawl) => api.crawl(crawl.crawl_id, key.value).catch(() => null)));
    const all = [...known.filter((playlist) => playlist.crawl).map((playlist) => [playlist, playlist.crawl]),
      ...counted.filter(Boolean).map((crawl) => [null, crawl])];
    all.sort(([, one], [, other]) => (one.started < other.started ? 1 : -1));
    list.replaceChildren();
    for (const [playlist, crawl] of all) add(playlist, crawl, true);
    if (!all.length) list.append(h("li", { class: "empty" }, "None so far."));
  }

  async function ownPlaylists() {
    const found = [];
    for (let page = 0, after; page < MOST_PAGES; page += 1) {
      const answer = await api.playlists(after, key.value).catch((error) => {
        if (error.code !== "key_required") throw error;
        key.hidden = false;
        return { playlists: [], next: null };
      });
      found.push(...answer.playlists);
      after = answer.next;
      if (!after) break;
    }
    return found;
  }

  function cardOf({ crawl_id, playlist_id }) {
    return [...cards].find((card) => card.shown().crawl.crawl_id === crawl_id)
      ?? [...cards].find((card) => playlist_id && card.shown().playlist?.playlist_id === playlist_id);
  }

  function add(playlist, crawl, atEnd = false) {
    const card = crawlCard(act);
    cards.add(card);
    card.show(playlist, crawl);
    if (!crawl.done) open.add(crawl.crawl_id);
    list.querySelector(".empty")?.remove();
    if (atEnd) list.append(card.element);
    else list.prepend(card.element);
  }

  // A crawl that has just been asked for.
  async function follow(id) {
    open.add(id);
    await refresh(id);
    watch();
  }

  function watch() {
    clearTimeout(timer);
    if (!open.size || !stays()) return;
    timer = setTimeout(async () => {
      await Promise.all([...open].map((id) => refresh(id).catch(() => {}))); // asked again in a moment
      watch();
    }, EVERY);
  }

  // What is said of a crawl now, on the card of its playlist, or on one of its own until it has one.
  async function refresh(id, said) {
    const crawl = said ?? await api.crawl(id, key.value).catch((error) => {
      if (error.code !== "crawl_not_found") throw error;
      return null; // accepted, and not yet listed
    });
    if (!crawl) return;
    if (going.get(id)?.(crawl)) going.delete(id);
    if (crawl.done && !going.has(id)) open.delete(id);
    const card = cardOf(crawl);
    let playlist = card?.shown().playlist ?? null;
    if (crawl.playlist_id && !crawl.forgotten && (!playlist || crawl.done || crawl.crawl_id !== card.shown().crawl.crawl_id)) {
      playlist = await api.playlist(crawl.playlist_id, key.value).catch(() => playlist);
    }
    if (!stays()) return;
    if (!card) add(playlist, crawl);
    else if (crawl.started >= card.shown().crawl.started) {
      for (const double of [...cards].filter((one) => one !== card && playlist && one.shown().playlist?.playlist_id === playlist.playlist_id)) {
        cards.delete(double);
        double.element.remove();
      }
      card.show(playlist, crawl);
    }
  }

  // What was understood of a list, before anything is queued.
  async function look(chosen) {
    try {
      const seen = await api.previewList(chosen, key.value);
      const addIt = h("button", { type: "button", class: "button primary", onclick: async () => {
        addIt.disabled = true;
        try {
          const { crawl_id } = await api.startList(chosen, key.value);
          note.replaceChildren();
          await follow(crawl_id);
        } catch (error) {
          note.replaceChildren(problem(error));
        }
      } }, "Add it");
      note.replaceChildren(h("section", { class: "preview", "aria-label": "What was understood" },
        h("p", {}, `${seen.total} rows (${seen.form}, ${seen.encoding}); ${seen.usable} name a recording; `
          + `${seen.in_catalogue} of the first ${seen.looked_for} are in the catalogue.`),
        h("p", { class: "hint" }, Object.entries(seen.columns).map(([column, taken]) => `${column}: ${taken}`).join(" · ")),
        seen.ignored.length ? h("p", { class: "hint" }, `Not used: ${seen.ignored.join(", ")}`) : null,
        h("ol", { class: "rows" }, seen.rows.slice(0, 5).map((one) => h("li", {},
          one.reason ? `${one.text}: ${one.reason.replaceAll("_", " ")}` : [one.artists.join(", "), one.title].filter(Boolean).join(" – ") || one.location || one.isrc || one.text))),
        addIt));
    } catch (error) {
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
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
