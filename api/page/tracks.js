// How a track looks wherever it turns up.

import { h, hue, icon, iconButton } from "./dom.js";
import { isPlaying, playable, toggle } from "./player.js";
import { ARTWORK, SOURCES } from "./sources.js";

export const named = (track) => track.title || track.track_id;
export const artistsOf = (track) => track.artists.join(", ") || "Unknown artist";

// Where a track lives, if that is a place on the web.
const home = (track) => (/^https?:\/\//i.test(track.url ?? "") ? track.url : null);

// What the page's policy lets it show: covers of our own, and those of providers that are named.
export function artwork(track, size = 96) {
  const url = track.artwork_url ?? "";
  if (url.startsWith("/covers/")) return `${url}?size=${size}`;
  const host = /^https:\/\/([a-z0-9.-]+)\//.exec(url)?.[1];
  return host && ARTWORK.some((known) => (known.startsWith("*.") ? host.endsWith(known.slice(1)) : host === known)) ? url : null;
}

export function cover(track, large = false) {
  const src = artwork(track, large ? 500 : 96);
  if (!src) return null;
  const alt = `Cover of ${track.album || named(track)}`;
  const side = large ? "160" : "48";
  return h("img", { class: "cover", loading: "lazy", decoding: "async", width: side, height: side, alt, src,
    onerror: (event) => event.target.remove() });
}

// `large`: as on a shelf.
export function tile(track, stage, rest = [], { large = false } = {}) {
  const colours = { "--hue": String(hue(track.track_id)), "--turn": `${hue(`${track.track_id}!`)}deg` };
  if (!playable(track, stage)) {
    return home(track) ? homeLink(track, "tile", colours) : h("span", { class: "tile", style: colours }, cover(track, large));
  }
  const button = h("button", {
    type: "button", class: "tile", style: colours, "data-play": track.track_id, onclick: () => toggle(track, rest),
  });
  paint(button, track, large);
  document.addEventListener("earshot:playing", function update() {
    if (!button.isConnected) document.removeEventListener("earshot:playing", update);
    else paint(button, track, large);
  });
  return button;
}

export function homeLink(track, kind, style = {}) {
  if (!home(track)) return null;
  const label = `Open ${named(track)} at ${SOURCES[track.source]?.label ?? track.source}`;
  return h("a", { class: kind, style, href: home(track), rel: "noreferrer", target: "_blank", title: label, "aria-label": label }, icon("link"));
}

function paint(button, track, large) {
  const on = isPlaying(track.track_id);
  button.setAttribute("aria-label", `${on ? "Pause" : "Play"} ${named(track)}`);
  button.classList.toggle("on", on);
  const shown = button.querySelector(".cover") ?? cover(track, large);
  button.replaceChildren(...(shown ? [shown] : []), icon(on ? "pause" : "play"));
}

// A share as people read it: never 100 % of what is not all, and tenths only where they tell something.
export function percent(share) {
  const tenths = Math.floor(share * 1000 + 1e-6) / 10;
  return `${share > 0.9 && share < 1 ? tenths.toFixed(1) : Math.round(tenths)}\u00a0%`;
}

// What is said of no more than a quarter of the catalogue tells something of a track; it stands first, and is marked.
export const UNUSUAL = 0.25;

export function tagChips(tags, onTag) {
  if (!tags.length) return null;
  const rarest = [...tags].sort((one, other) => (one.share ?? 1) - (other.share ?? 1));
  return h("ul", { class: "tags", "aria-label": "Tags" }, rarest.map(({ name, share, probability }) => {
    const title = share === undefined ? name : `${name}: said of ${share < 0.001 ? "hardly any track" : `${percent(share)} of all tracks`}`;
    const look = { class: share <= UNUSUAL ? "tag unusual" : "tag", title, style: { "--strength": `${Math.round(20 + probability * 80)}%` } };
    return h("li", {}, onTag
      ? h("button", { type: "button", ...look, "aria-label": `Only tracks tagged ${name}`, onclick: () => onTag(name) }, name)
      : h("span", look, name));
  }));
}

// Of a bar: a third for what is closer than nine tenths of the catalogue, two for 99 %, all of it from 99.9 % on.
const rarity = (share) => Math.min(1, -Math.log10(Math.max(1 - share, 1e-9)) / 3);

// How near it is in this catalogue; the cosine, which means something else in each, is there to hover over.
function likeness({ similarity, closer_than: closer }) {
  if (similarity === null || similarity === undefined) return null;
  const known = closer !== null && closer !== undefined;
  const text = known ? percent(closer) : similarity.toFixed(2);
  const label = known ? `Closer than ${text} of the catalogue` : `Similarity ${text}`;
  return h("div", { class: "likeness", title: `${label}. Cosine similarity ${similarity.toFixed(4)}` },
    h("meter", { min: 0, max: 1, value: known ? rarity(closer) : Math.max(0, similarity), "aria-hidden": "true" }),
    h("span", { class: "figure" }, h("span", { class: "closer" }, known ? "closer than " : "similarity "), text));
}

export function row(track, { stage, rest = [], onTag, actions = [], seeds = [] } = {}) {
  const versions = track.versions?.length
    ? h("details", { class: "versions" },
        h("summary", {}, `${track.versions.length} more ${track.versions.length === 1 ? "version" : "versions"}`),
        h("ul", {}, track.versions.map((version) =>
          h("li", {}, home(version) ? h("a", { href: home(version), rel: "noreferrer", target: "_blank" }, version.title) : version.title,
            version.album ? ` · ${version.album}` : ""))))
    : null;
  return h("li", { class: "track", "data-track": track.track_id },
    tile(track, stage, rest),
    h("div", { class: "what" },
      h("a", { class: "title", href: `#/?like=${encodeURIComponent(track.track_id)}` }, named(track)),
      h("span", { class: "who" }, artistsOf(track), album(track)),
      inWords(track.descriptors),
      reason(track, seeds),
      tagChips(track.tags, onTag),
      versions),
    likeness(track),
    h("div", { class: "actions" }, actions, playable(track, stage) ? homeLink(track, "round") : null));
}

// Why it is here, beside the tags.
function reason({ played_with: together, sounds_like, reasons = [] }, seeds) {
  const alike = sounds_like && seeds.find((seed) => seed.track_id === sounds_like);
  const why = [together ? `played with ${named(together)} by ${together.listeners}${together.listeners === 255 ? " and more" : ""} listeners` : "",
    alike ? `sounds like ${named(alike)}` : "", ...inCommon(reasons)].filter(Boolean);
  return why.length ? h("span", { class: "why" }, why.join(" · ")) : null;
}

// What is unusual about it and the query alike: both jazz · more ambient than most · same tempo, 122 BPM.
function inCommon(reasons) {
  const of = (wanted) => reasons.filter(({ kind }) => kind === wanted).map(({ what }) => what);
  const listed = (texts) => (texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : texts[0]);
  const [tags, much] = [of("tag"), of("much")];
  return [tags.length ? `both ${listed(tags)}` : "", much.length ? `more ${listed(much)} than most` : "",
    ...of("genre").map((genre) => `same genre, ${genre}`), ...of("year").map((year) => `both from ${year}`),
    ...of("level").map((level) => `both ${level}er than most`),
    ...of("tempo").map((bpm) => `same tempo, ${bpm}\u00a0BPM`), ...of("key").map((key) => `same key, ${key}`)];
}

// Tempo, key and loudness, as musicians say them: 122 BPM (or 61) · A minor · 8A, fairly sure · −9 LUFS.
export function inWords(found) {
  if (!found) return null;
  const number = (value) => Math.round(value).toString().replace("-", "−");
  const texts = [ // a number and its unit stay on one line
    found.bpm ? `${number(found.bpm)}\u00a0BPM${found.other_bpm ? ` (or\u00a0${number(found.other_bpm)})` : ""}` : "",
    found.key ? `${found.key} · ${found.camelot}, ${sureness(found.key_confidence)}` : "",
    found.loudness === null ? "" : `${number(found.loudness)}\u00a0LUFS`,
  ].filter(Boolean);
  return texts.length ? h("span", { class: "words" }, texts.join(" · ")) : null;
}

const sureness = (confidence) => (confidence >= 0.95 ? "sure" : confidence >= 0.8 ? "fairly sure" : "perhaps");

// Album, year, genres; the recording at MusicBrainz, where it is known.
function album(track) {
  const texts = [track.album, track.year, (track.genres ?? []).slice(0, 2).join(", ")].filter(Boolean);
  const place = track.track_number ? `Track ${track.track_number}${track.disc_number > 1 ? ` of disc ${track.disc_number}` : ""}` : undefined;
  const mbid = track.mbid ? h("a", { href: `https://musicbrainz.org/recording/${encodeURIComponent(track.mbid)}`, rel: "noreferrer",
    target: "_blank", "aria-label": `${named(track)} at MusicBrainz` }, "MusicBrainz") : null;
  return texts.length || mbid ? h("span", { class: "album", title: place }, texts.map((text) => ` · ${text}`), mbid ? [" · ", mbid] : null) : null;
}

export function action(name, label, onclick) {
  return iconButton(name, label, onclick);
}
