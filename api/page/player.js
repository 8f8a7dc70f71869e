// Plays one track after the other: files of one's own from disk (on this machine), a provider's preview where it may be
// played. Two elements take turns: while one sounds, the other has the next track ready.

import { currentStage } from "./api.js";
import { say } from "./dom.js";
import { add, clear, current, following, go, queue, replace } from "./queue.js";
import { SOURCES } from "./sources.js";

const AHEAD = 10; // seconds before its end at which the next track is fetched
const LATE = 0.05; // seconds by which an end may be told too early
const AGAIN = 3; // seconds after which "previous" begins the same track again
const REFUSALS = 3; // so many tracks in a row are passed over, when they cannot be played

export const playable = (track, stage) =>
  (track.source === "file" && stage === "local") || (SOURCES[track.source]?.plays ?? false);

let heard = null; // how long the current track was really played, and since when
let refused = 0;
let ending; // a timer: a window ends between two ticks of the clock
let [now, spare] = [deck(), deck()];

// An element and the seconds of its file that are the track.
function deck() {
  const own = { audio: new Audio(), track: null, from: 0, to: Infinity };
  const when = (name, call) => own.audio.addEventListener(name, () => { if (own === now) call(); });
  own.audio.preload = "none";
  when("play", changed);
  when("pause", () => (now.audio.currentTime >= now.to - LATE ? finished() : changed()));
  when("playing", () => { refused = 0; });
  when("timeupdate", passed);
  when("progress", told);
  when("ended", finished);
  return own;
}

function told() {
  document.dispatchEvent(new CustomEvent("earshot:time"));
}

export const isPlaying = (trackId) => current()?.track_id === trackId && !now.audio.paused;

// Seconds, within the track; Infinity as a length: not known yet.
export function state() {
  const { audio, from, to } = now;
  const length = Math.min(to, Number.isFinite(audio.duration) ? audio.duration : Infinity) - from;
  const ahead = audio.buffered.length ? audio.buffered.end(audio.buffered.length - 1) - from : 0;
  return { track: current(), paused: audio.paused, length, at: Math.max(0, audio.currentTime - from),
    buffered: Math.min(ahead, length), volume: audio.volume, muted: audio.muted };
}

// Plays `track`, and after it what of `rest` may be played; or stops it, or lets it go on.
export async function toggle(track, rest = []) {
  if (current()?.track_id === track.track_id) return playOrPause();
  const stage = rest.length ? await currentStage().catch(() => "") : "";
  return play([track, ...rest.filter((one) => playable(one, stage))]);
}

export function play(tracks) {
  replace(tracks);
  turnTo(0);
}

export function enqueue(tracks) {
  if (!current()) return play(tracks);
  add(tracks);
  return say(`${tracks.length} ${tracks.length === 1 ? "track" : "tracks"} added to the queue.`);
}

export function playOrPause() {
  if (!current()) return;
  if (!now.audio.paused) now.audio.pause();
  else if (now.track === current()) start();
  else turnTo(queue.at);
}

export function turnTo(at) {
  refused = 0;
  come(at);
}

export const next = () => { if (following()) turnTo(queue.at + 1); };

export function previous() {
  if (state().at > AGAIN || queue.at < 1) seek(0);
  else turnTo(queue.at - 1);
}

export function seek(seconds) {
  const { length } = state();
  if (now.track && Number.isFinite(length)) now.audio.currentTime = now.from + Math.min(Math.max(0, seconds), length);
}

export function loud(volume, muted) {
  for (const { audio } of [now, spare]) Object.assign(audio, { volume, muted });
  told();
}

export function close() {
  leave();
  for (const one of [now, spare]) empty(one);
  clear();
  changed();
}

async function come(at) {
  leave();
  now.audio.pause();
  clearTimeout(ending);
  go(at);
  const track = current();
  if (spare.track === track) [now, spare] = [spare, now];
  else if (!(await ready(now, track))) return;
  empty(spare);
  start();
}

// Of a cue sheet's track: which seconds of its file it is, as a fragment says it ("t=63.400,187.000").
const windowOf = (url) => fetch(url, { method: "HEAD" })
  .then((answer) => answer.headers.get("earshot-window") ?? "").catch(() => "");

// Gives the track to a deck; false: by now the deck has another.
async function ready(one, track) {
  const url = `/tracks/${encodeURIComponent(track.track_id)}/audio`;
  Object.assign(one, { track, from: 0, to: Infinity });
  const part = track.source === "file" ? await windowOf(url) : "";
  if (one.track !== track) return false;
  const [from, to] = part.replace("t=", "").split(",").map(Number);
  if (part) Object.assign(one, { from, to: to ?? Infinity });
  one.audio.preload = "auto";
  one.audio.src = part ? `${url}#${part}` : url;
  return true;
}

function empty(one) {
  one.track = null;
  one.audio.pause();
  one.audio.preload = "none";
  one.audio.removeAttribute("src");
}

function start() {
  if (!heard) {
    heard = { track: now.track, seconds: 0, at: null, began: Math.floor(Date.now() / 1000) };
    document.dispatchEvent(new CustomEvent("earshot:began", { detail: { track: now.track } }));
  }
  const asked = now.track;
  if (now.audio.currentTime >= now.to - LATE) seek(0);
  now.audio.play().catch((error) => {
    if (error.name !== "AbortError" && asked === now.track) refuse();
  });
}

function refuse() {
  now.audio.pause();
  say(now.track.url ? "This clip cannot be played here; open it where it comes from." : "This clip cannot be played.");
  changed();
  if (queue.at > 0 && following() && ++refused < REFUSALS) come(queue.at + 1);
}

function leave() {
  if (!heard) return;
  count();
  document.dispatchEvent(new CustomEvent("earshot:left", { detail: { ...heard, length: state().length } }));
  heard = null;
}

function changed() {
  document.dispatchEvent(new CustomEvent("earshot:playing", { detail: current()?.track_id }));
}

function count() {
  if (!heard) return;
  const at = Math.min(now.audio.currentTime, now.to);
  const seconds = at - (heard.at ?? at);
  if (seconds > 0 && seconds < 2) heard.seconds += seconds; // more was a leap
  heard.at = at;
}

function passed() {
  const { audio, to } = now;
  count();
  told();
  const left = Math.min(to, audio.duration || Infinity) - audio.currentTime;
  if (left < AHEAD && !audio.paused && following() && spare.track !== following()) ready(spare, following());
  clearTimeout(ending);
  if (to - audio.currentTime < 1 && !audio.paused) ending = setTimeout(finished, Math.max(0, to - audio.currentTime) * 1000);
}

// An end may be told more than once: by the element, by its pausing, by the timer.
function finished() {
  clearTimeout(ending);
  if (!heard) return;
  if (following()) come(queue.at + 1);
  else {
    leave();
    now.audio.pause();
    changed();
  }
}

const show = () => { if (current()) import("./bar.js").catch(() => say("The player could not be loaded. Is Earshot still there?")); };
addEventListener("pagehide", leave);
document.addEventListener("earshot:hush", () => now.audio.pause()); // another sound begins, or the microphone listens
document.addEventListener("earshot:queue", show);
show();
