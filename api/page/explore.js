// Search a track, see what sounds like it, mix seeds with plus and minus.

import { api, currentStage } from "./api.js";
import { h, icon, iconButton, problem, saying } from "./dom.js";
import { filterControl, readFilters, writeFilters } from "./filters.js";
import { takeAway } from "./lists.js";
import { picker } from "./picker.js";
import { action, artistsOf, named, row, tile } from "./tracks.js";
import { fameSlider, hasLearned, knowsPopularity, listeningSlider } from "./weights.js";

const PAGE = 12;
const TAKEN_AWAY = 50;

export function address(state) {
  const values = new URLSearchParams();
  for (const name of ["like", "less", "tags"]) if (state[name].length) values.set(name, state[name].join(","));
  if (state.artist) values.set("artist", state.artist);
  if (state.variety) values.set("variety", state.variety);
  if (state.listening) values.set("listening", state.listening);
  if (state.fame) values.set("fame", state.fame);
  writeFilters(values, state.filters);
  const text = values.toString();
  return text ? `#/?${text}` : "#/";
}

function read(values) {
  const ids = (name) => [...new Set((values.get(name) ?? "").split(",").filter(Boolean))];
  return { like: ids("like"), less: ids("less"), tags: ids("tags"),
    artist: values.get("artist") ?? "", variety: values.get("variety") ?? "", listening: values.get("listening") ?? "", fame: values.get("fame") ?? "", filters: readFilters(values) };
}

export async function explore(main, values, { go }) {
  const state = read(values);
  const change = (more) => go(address({ ...state, ...more }));
  const without = (trackId) => ({ like: state.like.filter((id) => id !== trackId), less: state.less.filter((id) => id !== trackId) });
  const like = (track) => change({ ...without(track.track_id), like: [...without(track.track_id).like, track.track_id] });
  const less = (track) => change({ ...without(track.track_id), less: [...without(track.track_id).less, track.track_id] });
  const setFilters = (filters) => change({ filters });
  const remove = (track) => change(without(track.track_id));

  const body = h("div", { class: "body", "aria-busy": "true" });
  main.replaceChildren(
    h("section", { class: state.like.length + state.less.length ? "hero small" : "hero" },
      h("h1", {}, "What sounds like this?"),
      picker({ label: "Find a track", placeholder: "Title, artist or album", big: true,
        onPick: (track) => go(`#/?like=${encodeURIComponent(track.track_id)}`) }),
      h("p", { class: "hint" }, h("a", { href: "#/clip" }, "Or ask with a clip of your own"))),
    body);

  const stage = await currentStage().catch(() => "");
  try {
    if (state.like.length + state.less.length) await mixed();
    else await start();
  } catch (error) {
    body.replaceChildren(problem(error), h("div", { class: "settings" }, filterControl(state.filters, setFilters)));
  }
  body.removeAttribute("aria-busy");

  async function start() {
    const toggleTag = (tag) => change({ tags: state.tags.includes(tag) ? state.tags.filter((t) => t !== tag) : [...state.tags, tag] });
    const wanted = { tags: state.tags, ...state.filters };
    const answer = await api.search({ ...wanted, limit: 24 });
    const surprise = saying(async () => {
      const at = Math.floor(Math.random() * Math.min(answer.total, 10000));
      const [track] = (await api.search({ ...wanted, limit: 1, offset: at })).results;
      go(`#/?like=${encodeURIComponent(track.track_id)}`);
    });
    body.replaceChildren(
      h("div", { class: "bar" },
        h("h2", {}, state.tags.length ? `Tagged ${state.tags.join(" and ")}` : "In the catalogue"),
        h("span", { class: "count" }, `${answer.total.toLocaleString()} ${answer.total === 1 ? "track" : "tracks"}`),
        filters(state.tags, toggleTag),
        filterControl(state.filters, setFilters),
        answer.total ? h("button", { type: "button", class: "button", onclick: surprise }, icon("dice"), "Surprise me") : null,
        answer.total ? takeAway((format) => api.searchAs(format, { ...wanted, limit: 100 })) : null),
      answer.total
        ? pages(answer.results, answer.total, (offset) => api.search({ ...wanted, limit: 24, offset }), (track) =>
            row(track, { stage, onTag: toggleTag, actions: [action("plus", `More like ${named(track)}`, () => like(track))] }))
        : state.tags.length || Object.keys(state.filters).length ? h("p", { class: "empty" }, "Nothing fits these filters.")
        : h("p", { class: "empty" }, "Nothing here yet. ", h("a", { href: "#/playlists" }, "Add a playlist"), "."));
  }

  async function mixed() {
    const seeds = [...state.like.map((id) => ({ track_id: id, weight: 1 })), ...state.less.map((id) => ({ track_id: id, weight: -0.5 }))];
    const options = { k: PAGE, ...state.filters };
    if (state.artist) options.max_per_artist = Number(state.artist);
    if (state.variety) options.diversity = Number(state.variety);
    if (state.listening) options.listening = Number(state.listening);
    if (state.fame) options.fame = Number(state.fame);
    if (state.tags.length) options.tags = state.tags;
    const ask = (offset) => seeds.length === 1 && seeds[0].weight > 0
      ? api.similar(seeds[0].track_id, { ...options, offset }) : api.mix(seeds, { ...options, offset });
    const [answer, learned, popularity] = await Promise.all([ask(0), hasLearned(), knowsPopularity()]);
    document.title = `${answer.query.map(named).join(" + ")} · Earshot`;
    const toggleTag = (tag) => change({ tags: state.tags.includes(tag) ? state.tags.filter((t) => t !== tag) : [...state.tags, tag] });
    body.replaceChildren(
      h("section", { class: "mix", "aria-label": "The mix" },
        h("ul", { class: "seeds" }, answer.query.map((seed) => seedChip(seed))),
        settings(toggleTag, learned, popularity)),
      h("div", { class: "bar" }, h("h2", {}, "Within earshot"), answer.results.length ? takeAway((format) =>
        (seeds.length === 1 && seeds[0].weight > 0 ? api.similarAs(format, seeds[0].track_id, { ...options, k: TAKEN_AWAY })
          : api.mixAs(format, seeds, { ...options, k: TAKEN_AWAY }))) : null),
      answer.results.length
        ? pages(answer.results, Infinity, ask, (track, all) => row(track, { stage, onTag: toggleTag, rest: all, seeds: answer.query, actions: [
            action("plus", `More like ${named(track)}`, () => like(track)),
            action("minus", `Less like ${named(track)}`, () => less(track)),
            state.like.length ? action("path", `Walk to ${named(track)}`, () =>
              go(`#/path?from=${encodeURIComponent(state.like[0])}&to=${encodeURIComponent(track.track_id)}`)) : null] }))
        : h("p", { class: "empty" }, "Nothing fits these filters."));
  }

  function seedChip(seed) {
    const liked = seed.weight > 0;
    return h("li", { class: liked ? "seed" : "seed less" },
      tile(seed, stage),
      h("span", { class: "what" }, h("strong", {}, named(seed)), h("span", { class: "who" }, artistsOf(seed)),
        seed.versions.length ? h("span", { class: "who" }, `and ${seed.versions.length} more of the same recording`) : null),
      h("button", { type: "button", class: "sign", onclick: () => (liked ? less(seed) : like(seed)), "aria-pressed": String(!liked),
        "aria-label": `${named(seed)}: ${liked ? "like this" : "less like this"}; press to change`, title: liked ? "Like this" : "Less like this" },
        icon(liked ? "plus" : "minus")),
      iconButton("close", `Leave ${named(seed)} out`, () => remove(seed)));
  }

  function settings(toggleTag, learned, popularity) {
    const perArtist = h("select", { onchange: (event) => change({ artist: event.target.value }) },
      [["", "any number"], ["1", "one"], ["2", "two"], ["3", "three"]].map(([value, text]) =>
        h("option", { value, selected: value === state.artist }, text)));
    const variety = h("input", { type: "range", min: "0", max: "0.8", step: "0.1", value: state.variety || "0",
      onchange: (event) => change({ variety: event.target.value === "0" ? "" : event.target.value }) });
    return h("div", { class: "settings" },
      h("label", {}, "Per artist ", perArtist),
      h("label", {}, "Variety ", variety),
      learned ? listeningSlider(state.listening || "0", (value) => change({ listening: value === "0" ? "" : value })) : null,
      popularity ? fameSlider(state.fame || "0", (value) => change({ fame: value === "0" ? "" : value })) : null,
      filters(state.tags, toggleTag),
      filterControl(state.filters, setFilters));
  }
}

function filters(tags, toggleTag) {
  return tags.map((tag) => h("button", { type: "button", class: "tag active", "aria-label": `Stop filtering by ${tag}`,
    onclick: () => toggleTag(tag) }, tag, " ", icon("close")));
}

function pages(first, total, ask, draw) {
  const list = h("ol", { class: "tracks" }, first.map((track, number) => draw(track, first.slice(number + 1))));
  const more = h("button", { type: "button", class: "button wide", onclick: saying(async () => {
    const answer = await ask(list.children.length);
    list.append(...answer.results.map((track, number) => draw(track, answer.results.slice(number + 1))));
    more.hidden = answer.results.length < first.length || list.children.length >= total;
  }) }, "Show more");
  more.hidden = first.length < PAGE || first.length >= total;
  return h("div", { class: "pages" }, list, more);
}
