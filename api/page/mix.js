// Seeds with weights, and what they come to: what sounds like all of them, or what continues them as a list.

import { put, toggled, weighted, without } from "./address.js";
import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { filterControl } from "./filters.js";
import { takeAway } from "./lists.js";
import { playAll } from "./play_all.js";
import { gathered, PAGE, pages } from "./rows.js";
import { action, artistsOf, named, row, tile } from "./tracks.js";
import { fameSlider, hasLearned, knowsPopularity, listeningSlider } from "./weights.js";

const TAKEN_AWAY = 50;
const NAMED = 20; // requests at most, for names of what is left out
const PER_ARTIST = [["", "any number"], ["1", "one"], ["2", "two"], ["3", "three"]];

const known = new Map(); // names of tracks that were seen, for what was left out

export async function mix({ state, change, stage, rows, go }) {
  const continues = state.as === "extend" && state.less.length === 0;
  const ask = questions(state, continues);
  const [answer, learned, popularity] = await Promise.all([gathered(ask.page, Math.max(rows, PAGE)), hasLearned(), knowsPopularity(), name(state.not)]);
  for (const track of [...answer.query, ...answer.results]) known.set(track.track_id, named(track));
  const toggleTag = (tag) => change((now) => ({ ...now, tags: toggled(now.tags, tag) }));
  const leaveOut = (id) => change((now) => ({ ...now, not: toggled(now.not, id) }));
  const first = answer.query.find((seed) => seed.weight > 0);

  const draw = (track, following) => row(track, { stage, onTag: toggleTag, rest: following, seeds: answer.query, actions: [
    action("plus", `More like ${named(track)}`, () => change((now) => put(now, "like", track.track_id))),
    action("minus", `Less like ${named(track)}`, () => change((now) => put(now, "less", track.track_id))),
    more(track)] });

  return [
    h("section", { class: "mix", "aria-label": "The mix" },
      h("ul", { class: "seeds" }, answer.query.map((seed) => chip(seed, { stage, change, several: answer.query.length > 1 && !continues }))),
      h("details", { class: "tune", open: matchMedia("(min-width: 44rem)").matches }, h("summary", { class: "button" }, "Tune it"),
        answer.query.length > 1 ? ways(state, continues, change) : null, tuning()),
      limits()),
    h("div", { class: "bar" }, h("h2", {}, continues ? "To go on with" : "Within earshot"),
      h("a", { class: "quiet", href: "#/" }, "Start anew"),
      playAll(answer.results, stage),
      answer.results.length ? takeAway(ask.as) : null),
    answer.results.length ? pages(answer.results, ask.page, draw) : h("p", { class: "empty" },
      state.closer ? "Nothing is so close. " : "Nothing fits these filters. ",
      state.closer ? h("button", { type: "button", class: "button", onclick: () => change({ closer: "" }) }, "Show what is farther, too") : null)];

  // What is wanted seldom stands behind one button.
  function more(track) {
    const [artist] = track.artists;
    const fold = h("details", { class: "more", onkeydown: (event) => {
      if (event.key !== "Escape") return;
      fold.open = false;
      fold.querySelector("summary").focus();
    }, onfocusout: (event) => { if (!fold.contains(event.relatedTarget)) fold.open = false; } },
    h("summary", { class: "round", "aria-label": `More for ${named(track)}`, title: "More", "data-icon": "more" }, icon("more")),
    h("div", { class: "menu" },
      first ? h("button", { type: "button", onclick: () => go(`#/path?from=${encodeURIComponent(first.track_id)}&to=${encodeURIComponent(track.track_id)}`) },
        `Walk here from ${named(first)}`) : null,
      track.similarity > 0 ? h("button", { type: "button", onclick: () => change({ closer: String(Math.floor(track.similarity * 10000) / 10000) }) },
        "Nothing farther than this") : null,
      h("button", { type: "button", onclick: () => leaveOut(track.track_id) }, "Leave this track out"),
      artist ? h("button", { type: "button", onclick: () => change((now) => ({ ...now,
        filters: { ...now.filters, not_artist: [...new Set([...(now.filters.not_artist ?? []), artist])] } })) }, `Nothing by ${artist}`) : null));
    return fold;
  }

  function tuning() {
    const perArtist = h("select", { name: "artist", onchange: (event) => change({ artist: event.target.value }) },
      PER_ARTIST.map(([value, text]) => h("option", { value, selected: value === state.artist }, text)));
    return h("div", { class: "settings" },
      h("label", {}, "Per artist ", perArtist),
      slider("Variety", "variety", { max: "0.8" }),
      slider("Similarity at least", "closer", { max: "0.95", step: "0.05", title: "The cosine that is told of each result when you point at its bar" }),
      learned ? listeningSlider(state.listening || "0", (value) => change({ listening: value === "0" ? "" : value }, { replace: true })) : null,
      popularity ? fameSlider(state.fame || "0", (value) => change({ fame: value === "0" ? "" : value }, { replace: true })) : null);
  }

  function limits() {
    return h("div", { class: "settings" },
      state.tags.map((tag) => taken(tag, `Stop filtering by ${tag}`, () => toggleTag(tag))),
      state.not.map((id) => taken(`Without ${known.get(id) ?? id}`, `Let ${known.get(id) ?? id} in again`, () => leaveOut(id))),
      filterControl(state.filters, (filters) => change({ filters })));
  }

  function slider(label, name, { max, step = "0.1", title }) {
    const value = state[name] || "0";
    const text = value === "0" ? "off" : String(Math.round(value * 100) / 100);
    return h("label", { title }, `${label} `, h("input", { type: "range", name, min: "0", max, step, value, "aria-valuetext": text,
      onchange: (event) => change({ [name]: event.target.value === "0" ? "" : event.target.value }, { replace: true }) }),
    h("span", { class: "value", "aria-hidden": "true" }, text));
  }
}

// How the mix is asked for: a page of it, and all of it in another form.
function questions(state, continues) {
  const options = { ...state.filters };
  if (state.artist) options.max_per_artist = Number(state.artist);
  if (state.variety) options.diversity = Number(state.variety);
  if (state.listening) options.listening = Number(state.listening);
  if (state.fame) options.fame = Number(state.fame);
  if (state.closer) options.min_similarity = Number(state.closer);
  if (state.tags.length) options.tags = state.tags;
  if (state.not.length) options.exclude = state.not;
  const ids = state.like.map(({ id }) => id);
  const seeds = [...state.like.map(({ id, weight }) => ({ track_id: id, weight })), ...state.less.map(({ id, weight }) => ({ track_id: id, weight: -weight }))];
  const one = seeds.length === 1 && seeds[0].weight > 0;
  return {
    page: (offset, k) => {
      const values = { ...options, offset, k };
      return continues ? api.extend(ids, values) : one ? api.similar(ids[0], values) : api.mix(seeds, values);
    },
    as: (format) => {
      const values = { ...options, k: TAKEN_AWAY };
      return continues ? api.extendAs(format, ids, values) : one ? api.similarAs(format, ids[0], values) : api.mixAs(format, seeds, values);
    },
  };
}

// The names of tracks that an address leaves out.
const name = (ids) => Promise.all(ids.filter((id) => !known.has(id)).slice(0, NAMED).map(async (id) =>
  known.set(id, await api.similar(id, { k: 1 }).then(({ query }) => named(query[0]), () => id))));

function ways(state, continues, change) {
  const radio = (label, as, disabled, title) => h("label", { title }, h("input", { type: "radio", name: "as", value: as || "mix", disabled,
    checked: continues === (as === "extend"), onchange: () => change({ as }) }), label);
  const [from, to] = state.like;
  return h("div", { class: "settings ways", role: "group", "aria-label": "What to make of them" },
    radio("What sounds like all of them", "", false),
    radio("What continues them", "extend", state.less.length > 0, state.less.length ? "Only of what you like" : "As a playlist in this order, the last counting most"),
    state.like.length === 2 ? h("a", { class: "button", href: `#/path?${new URLSearchParams({ from: from.id, to: to.id })}` }, icon("path"), "Songs between them") : null);
}

function chip(seed, { stage, change, several }) {
  const liked = seed.weight > 0;
  const id = seed.track_id;
  const weight = Math.abs(seed.weight);
  return h("li", { class: liked ? "seed" : "seed less" },
    tile(seed, stage),
    h("span", { class: "what" }, h("strong", {}, named(seed)), h("span", { class: "who" }, artistsOf(seed)),
      seed.versions.length ? h("span", { class: "who" }, `and ${seed.versions.length} more of the same recording`) : null,
      several ? h("input", { type: "range", class: "weight", min: "0.1", max: "2", step: "0.1", value: String(weight), "data-key": `weight ${id}`,
        "aria-label": `How much ${named(seed)} counts`, title: `Counts ${weight.toFixed(1)}`,
        onchange: (event) => change((now) => weighted(now, id, Number(event.target.value)), { replace: true }) }) : null),
    h("button", { type: "button", class: "sign", "data-key": `sign ${id}`, onclick: () => change((now) => put(now, liked ? "less" : "like", id)),
      "aria-pressed": String(!liked), "aria-label": `${named(seed)}: ${liked ? "like this" : "less like this"}; press to change`,
      title: liked ? "Like this" : "Less like this" }, icon(liked ? "plus" : "minus")),
    iconButton("close", `Leave ${named(seed)} out`, () => change((now) => without(now, id))));
}

// A chip that takes something back.
export const taken = (text, label, onclick) => h("button", { type: "button", class: "tag active", "aria-label": label, onclick }, text, " ", icon("close"));
