// How a track looks wherever it turns up.

import { h, hue, icon, iconButton } from "./dom.js";
import { isPlaying, playable, toggle } from "./player.js";
import { ARTWORK, SOURCES } from "./sources.js";

export const named = (track) => track.title || track.track_id;
export const artistsOf = (track) => track.artists.join(", ") || "Unknown artist";

// Where a track lives, if that is a place on the web.
const home = (track) => (/^https?:\/\//i.test(track.url ?? "") ? track.url : null);

// What the page's policy lets it show: covers of our own, and those of providers that are named.
function artwork(track) {
  const url = track.artwork_url ?? "";
  if (url.startsWith("/covers/")) return `${url}?size=96`;
  const host = /^https:\/\/([a-z0-9.-]+)\//.exec(url)?.[1];
  return host && ARTWORK.some((known) => (known.startsWith("*.") ? host.endsWith(known.slice(1)) : host === known)) ? url : null;
}

function cover(track) {
  const src = artwork(track);
  if (!src) return null;
  const alt = `Cover of ${track.album || named(track)}`;
  return h("img", { class: "cover", loading: "lazy", decoding: "async", width: "48", height: "48", alt, src,
    onerror: (event) => event.target.remove() });
}

export function tile(track, stage, rest = []) {
  const colours = { "--hue": String(hue(track.track_id)), "--turn": `${hue(`${track.track_id}!`)}deg` };
  if (!playable(track, stage)) {
    return home(track) ? homeLink(track, "tile", colours) : h("span", { class: "tile", style: colours }, cover(track));
  }
  const button = h("button", {
    type: "button", class: "tile", style: colours, "data-play": track.track_id, onclick: () => toggle(track, rest),
  });
  paint(button, track);
  document.addEventListener("earshot:playing", function update() {
    if (!button.isConnected) document.removeEventListener("earshot:playing", update);
    else paint(button, track);
  });
  return button;
}

export function homeLink(track, kind, style = {}) {
  if (!home(track)) return null;
  const label = `Open ${named(track)} at ${SOURCES[track.source]?.label ?? track.source}`;
  return h("a", { class: kind, style, href: home(track), rel: "noreferrer", target: "_blank", title: label, "aria-label": label }, icon("link"));
}

function paint(button, track) {
  const on = isPlaying(track.track_id);
  button.setAttribute("aria-label", `${on ? "Pause" : "Play"} ${named(track)}`);
  button.classList.toggle("on", on);
  const shown = button.querySelector(".cover") ?? cover(track);
  button.replaceChildren(...(shown ? [shown] : []), icon(on ? "pause" : "play"));
}

export function tagChips(tags, onTag) {
  if (!tags.length) return null;
  return h("ul", { class: "tags", "aria-label": "Tags" }, tags.map((tag) => {
    const strength = tag.strength ?? tag.probability;
    const fill = { "--strength": `${Math.round(20 + strength * 80)}%` };
    return h("li", {}, onTag
      ? h("button", { type: "button", class: "tag", style: fill, onclick: () => onTag(tag.name),
          title: `Only tracks tagged ${tag.name} (here ${strength.toFixed(2)})` }, tag.name)
      : h("span", { class: "tag", style: fill, title: strength.toFixed(2) }, tag.name));
  }));
}

export function likeness(similarity) {
  if (similarity === null || similarity === undefined) return null;
  const text = similarity.toFixed(2);
  return h("div", { class: "likeness", title: `Cosine similarity ${similarity.toFixed(4)}` },
    h("meter", { min: 0, max: 1, value: Math.max(0, similarity), "aria-label": "Similarity" }, text),
    h("span", { class: "figure" }, text));
}

export function row(track, { stage, rest = [], onTag, actions = [], shared = true, seeds = [] } = {}) {
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
      tagChips(shared && track.shared_tags?.length ? track.shared_tags : track.tags, onTag),
      versions),
    likeness(track.similarity),
    h("div", { class: "actions" }, actions, playable(track, stage) ? homeLink(track, "round") : null));
}

// Why it is here, beside the tags.
function reason({ played_with: together, sounds_like }, seeds) {
  const alike = sounds_like && seeds.find((seed) => seed.track_id === sounds_like);
  const why = [together ? `played with ${named(together)} by ${together.listeners}${together.listeners === 255 ? " and more" : ""} listeners` : "",
    alike ? `sounds like ${named(alike)}` : ""].filter(Boolean);
  return why.length ? h("span", { class: "why" }, why.join(" · ")) : null;
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
