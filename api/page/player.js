// One clip at a time: files of one's own from disk (on this machine), a provider's preview where it may be played.

import { h, icon, iconButton, say } from "./dom.js";
import { SOURCES } from "./sources.js";
import { homeLink } from "./tracks.js";

const bar = document.getElementById("player");
const audio = new Audio();
audio.preload = "none";
let current = null;
let queue = [];
let ends = Infinity;
let heard = null; // how long the current track was really played, and since when

export const playable = (track, stage) =>
  (track.source === "file" && stage === "local") || (SOURCES[track.source]?.plays ?? false);

export const isPlaying = (trackId) => current?.track_id === trackId && !audio.paused;

export function toggle(track, rest = []) {
  if (current?.track_id === track.track_id) {
    if (audio.paused) start();
    else audio.pause();
    return;
  }
  leave();
  current = track;
  queue = rest;
  ends = Infinity;
  const url = `/tracks/${encodeURIComponent(track.track_id)}/audio`;
  draw();
  if (track.source === "file") windowOf(url).then((part) => { if (current === track) load(url, part); });
  else load(url, "");
}

function leave() {
  if (!heard) return;
  const length = Math.min(ends, audio.duration || Infinity);
  document.dispatchEvent(new CustomEvent("earshot:left", { detail: { ...heard, length } }));
  heard = null;
}

// Of a cue sheet's track: which seconds of its file it is, as a fragment says it ("t=63.400,187.000").
const windowOf = (url) => fetch(url, { method: "HEAD" })
  .then((answer) => answer.headers.get("earshot-window") ?? "").catch(() => "");

function load(url, part) {
  ends = Number(part.split(",")[1] ?? Infinity);
  audio.src = part ? `${url}#${part}` : url;
  start();
}

function start() {
  if (!heard) {
    heard = { track: current, seconds: 0, at: null, began: Math.floor(Date.now() / 1000) };
    document.dispatchEvent(new CustomEvent("earshot:began", { detail: { track: current } }));
  }
  audio.play().catch((error) => {
    if (error.name !== "AbortError") refuse();
  });
}

function refuse() {
  if (!current) return;
  audio.pause();
  say(current.url ? "This clip cannot be played here; open it where it comes from." : "This clip cannot be played.");
  changed();
}

function changed() {
  document.dispatchEvent(new CustomEvent("earshot:playing", { detail: current?.track_id }));
  const button = bar.querySelector("button");
  if (button) {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  }
}

const time = (seconds) =>
  Number.isFinite(seconds) ? `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}` : "–:––";

function draw() {
  bar.hidden = false;
  document.body.classList.add("has-player");
  const seek = h("input", {
    type: "range", min: "0", max: "1000", value: "0", "aria-label": "Position in the track",
    oninput: () => { if (Number.isFinite(audio.duration)) audio.currentTime = (seek.value / 1000) * audio.duration; },
  });
  const clock = h("span", { class: "clock" });
  audio.ontimeupdate = () => {
    if (Number.isFinite(audio.duration)) seek.value = String(Math.round((audio.currentTime / audio.duration) * 1000));
    clock.textContent = `${time(audio.currentTime)} / ${time(audio.duration)}`;
  };
  bar.replaceChildren(
    iconButton("play", "Play", () => toggle(current)),
    h("div", { class: "now" }, h("strong", {}, current.title || current.track_id),
      h("span", {}, current.artists.join(", "))),
    seek, clock, homeLink(current, "round") ?? "",
    iconButton("close", "Close the player", close));
}

function close() {
  leave();
  audio.pause();
  audio.removeAttribute("src");
  current = null;
  bar.hidden = true;
  document.body.classList.remove("has-player");
  changed();
}

audio.addEventListener("play", changed);
audio.addEventListener("pause", changed);
audio.addEventListener("ended", next);
addEventListener("pagehide", leave);
audio.addEventListener("timeupdate", () => {
  if (heard) {
    const passed = audio.currentTime - (heard.at ?? audio.currentTime);
    if (passed > 0 && passed < 2) heard.seconds += passed; // more was a leap
    heard.at = audio.currentTime;
  }
  if (audio.currentTime < ends) return;
  ends = Infinity;
  audio.pause();
  next();
});

function next() {
  leave();
  const [following, ...rest] = queue;
  if (following) toggle(following, rest);
}

document.addEventListener("earshot:hush", () => audio.pause()); // another sound begins, or the microphone listens
