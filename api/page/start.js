// What is shown while nothing is asked for: shelves that lead into the catalogue, and the catalogue itself.

import { put, toggled } from "./address.js";
import { api, tags } from "./api.js";
import { h, icon, saying } from "./dom.js";
import { filterControl } from "./filters.js";
import { listenerKey } from "./listener.js";
import { takeAway } from "./lists.js";
import { taken } from "./mix.js";
import { gathered, PAGE, pages } from "./rows.js";
import { action, artistsOf, named, row, tile, UNUSUAL } from "./tracks.js";

const SHELF = 12;
const HEARD = 8;
const CHIPS = 10;
const DAYS = 7; // as many beginnings follow each other, one a day
const SOMEWHERE = 10000; // no search passes over more

const today = () => Math.floor(Date.now() / 86400000);
const among = (name) => (value) => `#/?${new URLSearchParams({ [name]: value })}`;

// Shelves, then everything. What one shelf cannot have is left out; what nothing can be had of is a problem.
export async function start(view) {
  const found = await Promise.all([
    catalogue(view), api.search({ order: "spread", limit: SHELF, offset: SHELF * (today() % DAYS) }).then(orFirst),
    lately(view.stage).catch(() => null), api.genres().then((answer) => answer.genres, () => []), tags().catch(() => [])]).catch(unlessEmpty);
  if (!found?.[1].results.length) return (await import("./begin.js")).begin(view);
  const [everything, begin, heard, genres, said] = found;
  const artists = [...new Set(begin.results.flatMap((track) => track.artists.slice(0, 1)))];
  return [
    heard ? shelf("Heard lately", heard.query, view) : null,
    heard?.results.length ? shelf("More like what you heard", heard.results, view) : null,
    shelf("Somewhere to begin", begin.results, view, "From all over the catalogue, each unlike the others."),
    h("section", { class: "chips", "aria-label": "Ways into the catalogue" },
      chips("By sound", telling(said).slice(0, CHIPS).map(({ name }) => name), among("tags")),
      chips("By genre", genres.slice(0, CHIPS).map(({ name }) => name), among("genre")),
      chips("By artist", artists.slice(0, CHIPS / 2), among("text"))),
    ...everything].filter(Boolean);
}

// Tags that lead somewhere: those that are unusual first, of these the commonest.
const telling = (said) => [...said.filter(({ share }) => share <= UNUSUAL), ...said.filter(({ share }) => share > UNUSUAL)];

function unlessEmpty(error) {
  if (error.code !== "no_index_yet") throw error;
  return null;
}

// In a small catalogue the last days of a week have none of their own.
const orFirst = async (answer) => (answer.results.length < Math.min(SHELF, answer.total) ? api.search({ order: "spread", limit: SHELF }) : answer);

// What was played last, the last first, and what goes on from there; null where nobody is known, or has played anything.
async function lately(stage) {
  if (stage !== "local" && !listenerKey()) return null;
  const { listens } = await api.listens({ limit: 30 }, listenerKey());
  const ids = [...new Set(listens.filter((play) => play.track_id && !play.is_skip).map((play) => play.track_id))].slice(0, HEARD);
  if (!ids.length) return null;
  const answer = await api.extend(ids.reverse(), { k: SHELF, max_per_artist: 2 });
  return { query: answer.query.reverse(), results: answer.results };
}

function shelf(title, tracks, { stage, change }, hint = "") {
  return h("section", { class: "shelf", "aria-label": title },
    h("div", { class: "bar" }, h("h2", {}, title), hint ? h("span", { class: "hint" }, hint) : null),
    h("ul", { class: "cards" }, tracks.map((track, number) => h("li", { class: "work", "data-track": track.track_id },
      tile(track, stage, tracks.slice(number + 1), { large: true }),
      h("div", { class: "what" },
        h("a", { class: "title", href: `#/?like=${encodeURIComponent(track.track_id)}` }, named(track)),
        h("span", { class: "who" }, artistsOf(track))),
      action("plus", `More like ${named(track)}`, () => change((now) => put(now, "like", track.track_id)))))));
}

const chips = (title, names, href) => (names.length ? h("div", {}, h("h2", {}, title),
  h("ul", { class: "tags" }, names.map((name) => h("li", {}, h("a", { class: "tag", href: href(name) }, name))))) : null);

// All tracks that the words, tags and filters of the address let through.
export async function catalogue({ state, change, stage, rows }) {
  const wanted = { text: state.text, tags: state.tags, ...state.filters };
  const page = (offset, limit) => api.search({ ...wanted, offset, limit });
  const answer = await gathered(page, Math.max(rows, PAGE));
  const toggleTag = (tag) => change((now) => ({ ...now, tags: toggled(now.tags, tag) }));
  const surprise = saying(async () => {
    const { results } = await page(Math.floor(Math.random() * Math.min(answer.total, SOMEWHERE)), 1);
    change((now) => put(now, "like", results[0].track_id));
  });
  const isWhole = !state.text && !state.tags.length && !Object.keys(state.filters).length;
  return [
    h("div", { class: "bar" },
      h("h2", {}, state.text ? `Named “${state.text}”` : state.tags.length ? `Tagged ${state.tags.join(" and ")}` : "In the catalogue"),
      h("span", { class: "count" }, `${answer.total.toLocaleString()} ${answer.total === 1 ? "track" : "tracks"}`),
      state.text ? taken(state.text, "Stop searching", () => change({ text: "" })) : null,
      state.tags.map((tag) => taken(tag, `Stop filtering by ${tag}`, () => toggleTag(tag))),
      filterControl(state.filters, (filters) => change({ filters })),
      answer.total ? h("button", { type: "button", class: "button", onclick: surprise }, icon("dice"), "Surprise me") : null,
      answer.total && !isWhole ? takeAway((format) => api.searchAs(format, { ...wanted, limit: 100 })) : null),
    answer.total
      ? pages(answer.results, page, (track, following) => row(track, { stage, rest: following, onTag: toggleTag,
        actions: [action("plus", `More like ${named(track)}`, () => change((now) => put(now, "like", track.track_id)))] }), answer.total)
      : h("p", { class: "empty" }, "Nothing fits. ", isWhole ? null : h("a", { class: "button", href: "#/" }, "Show everything"))];
}
