// The player at the foot of every view: what plays, where in it, what comes next.

import { h, hue, icon, iconButton } from "./dom.js";
import { tellMediaKeys } from "./media_keys.js";
import { close, loud, next, playOrPause, previous, seek, state, turnTo } from "./player.js";
import { clearRest, move, queue, remove } from "./queue.js";
import { styled } from "./styled.js";
import { artistsOf, cover, homeLink, named } from "./tracks.js";

const STEP = 5; // seconds that an arrow leads on

const bar = document.getElementById("player");
const time = (seconds) =>
  Number.isFinite(seconds) ? `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}` : "–:––";

const toggle = iconButton("play", "Play", playOrPause, { class: "round main" });
const before = iconButton("previous", "Previous", previous);
const after = iconButton("next", "Next", next);
const face = h("span", { class: "tile face" });
const what = h("div", { class: "now" });
const position = h("input", { type: "range", class: "seek", min: "0", max: "1", step: "any", value: "0", "aria-label": "Position in the track",
  oninput: () => seek(Number(position.value)),
  onkeydown: (event) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowUp: STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    seek(state().at + by);
  } });
const clock = h("span", { class: "clock" });
const mute = iconButton("volume", "Mute", () => loud(state().volume, !state().muted));
const volume = h("input", { type: "range", class: "volume", min: "0", max: "1", step: "0.05", "aria-label": "Volume",
  oninput: () => loud(Number(volume.value), false) });
const place = h("span", { class: "place" });
const opener = iconButton("list", "Queue", () => unfold(panel.hidden), { class: "round opener", "aria-expanded": "false", "aria-controls": "queue" });
const home = h("span", { class: "home" });
const list = h("ol", { class: "queued" });
const count = h("span", { class: "count" });
const emptied = h("button", { type: "button", class: "button", title: "Nothing follows what plays", onclick: () => { clearRest(); opener.focus(); } }, "Clear");
const panel = h("section", { id: "queue", class: "queue", "aria-label": "Queue", hidden: true },
  h("div", { class: "bar" }, h("h2", {}, "Queue"), count, emptied,
    h("button", { type: "button", class: "button", onclick: async () => (await import("./help.js")).help() }, "Keys"),
    iconButton("close", "Close the queue", () => unfold(false))), list);
const spoken = h("p", { class: "unseen", "aria-live": "polite" });

opener.append(place);
bar.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) { event.stopPropagation(); unfold(false); } });

function unfold(open) {
  panel.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  if (open) list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  else opener.focus();
}

function entry(track, at) {
  const playing = at === queue.at;
  const name = named(track);
  const shift = (by, sign, text) => iconButton(sign, `${text} ${name}`, () => {
    move(at, at + by);
    const buttons = list.children[at + by].querySelectorAll("[data-shift]");
    (buttons[by < 0 ? 0 : 1].disabled ? buttons[by < 0 ? 1 : 0] : buttons[by < 0 ? 0 : 1]).focus();
    spoken.textContent = `${name} is now ${at + by + 1} of ${queue.tracks.length}.`;
  }, { disabled: by < 0 ? at === 0 : at === queue.tracks.length - 1, "data-shift": String(by) });
  return h("li", { "aria-current": playing ? "true" : null },
    h("button", { type: "button", class: "entry", onclick: () => turnTo(at) }, h("strong", {}, name), h("span", {}, artistsOf(track))),
    shift(-1, "up", "Earlier:"), shift(1, "down", "Later:"),
    iconButton("close", `Take ${name} out`, () => {
      remove(at);
      (list.children[Math.min(at, queue.tracks.length - 1)]?.querySelector(".entry") ?? opener).focus();
    }, { disabled: playing }));
}

function drawQueue() {
  const { track } = state();
  bar.hidden = !track;
  document.body.classList.toggle("has-player", Boolean(track));
  if (!track) { panel.hidden = true; opener.setAttribute("aria-expanded", "false"); return; }
  list.replaceChildren(...queue.tracks.map(entry));
  const left = queue.tracks.length - queue.at - 1;
  count.textContent = `${queue.at + 1} of ${queue.tracks.length}`;
  place.textContent = left ? String(left) : "";
  opener.title = left ? `Queue: ${left} to come` : "Queue";
  emptied.disabled = after.disabled = !left;
  what.replaceChildren(h("strong", {}, named(track)), h("span", {}, artistsOf(track)));
  for (const [name, value] of [["--hue", hue(track.track_id)], ["--turn", `${hue(`${track.track_id}!`)}deg`]]) face.style.setProperty(name, value);
  face.replaceChildren(cover(track) ?? "");
  home.replaceChildren(homeLink(track, "round") ?? "");
  drawTime();
}

function drawState() {
  const text = state().paused ? "Play" : "Pause";
  toggle.replaceChildren(icon(state().paused ? "play" : "pause"));
  for (const name of ["aria-label", "title"]) toggle.setAttribute(name, text);
  drawTime();
}

function drawTime() {
  const { at, length, buffered, volume: loudness, muted } = state();
  const known = Number.isFinite(length) && length > 0;
  position.disabled = !known;
  position.max = String(known ? length : 1);
  position.value = String(known ? at : 0);
  position.setAttribute("aria-valuetext", `${time(at)} of ${time(length)}`);
  position.style.setProperty("--at", `${known ? (100 * at) / length : 0}%`);
  position.style.setProperty("--buffered", `${known ? (100 * buffered) / length : 0}%`);
  clock.textContent = `${time(at)} / ${time(length)}`;
  volume.value = String(muted ? 0 : loudness);
  const silent = muted || loudness === 0;
  mute.setAttribute("aria-label", silent ? "Unmute" : "Mute");
  mute.classList.toggle("silent", silent);
}

await styled("player");
bar.replaceChildren(panel, face, what, h("div", { class: "turn" }, before, toggle, after), position, clock,
  h("div", { class: "loudness" }, mute, volume), home, opener, iconButton("close", "Close the player", close, { class: "round shut" }), spoken);
document.addEventListener("earshot:queue", drawQueue);
document.addEventListener("earshot:playing", drawState);
document.addEventListener("earshot:time", drawTime);
tellMediaKeys();
drawQueue();
drawState();
