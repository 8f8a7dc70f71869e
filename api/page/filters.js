// What results must be: genre, years, length, tempo, key, loudness, popularity, folder, and whose music is left out. Kept in the
// address.

import { about, api } from "./api.js";
import { h, icon } from "./dom.js";

const SINGLE = { year: "Years", length: "Length", bpm: "BPM", loudness: "LUFS", popularity: "Popularity", folder: "Folder" };
const SEVERAL = { genre: "Genre", key: "Key", not_artist: "Not by" };
const NAMES = [...Object.keys(SEVERAL), ...Object.keys(SINGLE)];

export function readFilters(values) {
  const found = {};
  for (const name of NAMES) {
    const given = values.getAll(name).filter(Boolean);
    if (given.length) found[name] = name in SEVERAL ? [...new Set(given)] : given[0];
  }
  return found;
}

export function writeFilters(values, filters) {
  for (const name of NAMES) for (const value of [filters[name] ?? []].flat()) if (value) values.append(name, value);
}

let listed;
const genres = () => (listed ??= api.genres().then((answer) => answer.genres).catch(() => { listed = undefined; return []; }));

// What is chosen stands as chips that take it back; the fields are under one button.
export function filterControl(filters, change) {
  const without = (name, value) => change({ ...filters, [name]: name in SEVERAL ? filters[name].filter((one) => one !== value) : undefined });
  const chips = NAMES.flatMap((name) => [filters[name] ?? []].flat().map((value) => h("button", {
    type: "button", class: "tag active", onclick: () => without(name, value), "aria-label": `Stop filtering: ${label(name)} ${value}`,
  }, `${label(name)}: ${value}`, " ", icon("close"))));
  const genre = h("select", { name: "genre" }, h("option", { value: "" }, "any"));
  const field = (name, text, more) => h("label", {}, text, h("input", { type: "text", name, autocomplete: "off", ...more }));
  const known = field("popularity", "Popularity", { placeholder: "20-60", value: filters.popularity ?? "" });
  known.hidden = !filters.popularity;
  const form = h("form", { class: "filter-form", onsubmit: (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const next = { ...filters };
    for (const name of Object.keys(SINGLE)) next[name] = given.get(name).trim() || undefined;
    for (const name of Object.keys(SEVERAL)) {
      const value = given.get(name).trim();
      if (value) next[name] = [...new Set([...(filters[name] ?? []), value])];
    }
    change(next);
  } },
  h("label", {}, "Genre", genre),
  field("year", "Years", { placeholder: "1990-1999", value: filters.year ?? "" }),
  field("length", "Length", { placeholder: "3:00-5:30", value: filters.length ?? "" }),
  field("bpm", "BPM", { placeholder: "118-126", value: filters.bpm ?? "" }),
  field("key", "Key", { placeholder: "8A±1 or Am" }),
  field("loudness", "LUFS", { placeholder: "-14..-9", value: filters.loudness ?? "" }),
  known,
  field("folder", "Folder", { placeholder: "Jazz", value: filters.folder ?? "" }),
  field("not_artist", "Not by", { placeholder: "an artist" }),
  h("button", { type: "submit", class: "button" }, "Filter"));
  const fold = h("details", { class: "filters", ontoggle: async () => {
    if (fold.open && known.hidden) about().then((answer) => { known.hidden = !answer.popularity; }, () => {});
    if (!fold.open || genre.options.length > 1) return;
    const found = await genres();
    if (genre.options.length === 1) genre.append(...found.map(({ name, tracks }) => h("option", { value: name }, `${name} (${tracks.toLocaleString()})`)));
  } }, h("summary", { class: "button" }, "Filters"), form);
  return [...chips, fold];
}

const label = (name) => SINGLE[name] ?? SEVERAL[name];
