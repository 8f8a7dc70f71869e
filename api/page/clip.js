// Ask with a clip: recorded here, dropped or chosen. It goes up to where the server says, and what sounds like it comes back.

import { api, currentStage, upload } from "./api.js";
import { h, icon, problem } from "./dom.js";
import { ACCEPT, taken } from "./drop.js";
import { LONGEST, SHORTEST, canRecord, record, refusal } from "./recorder.js";
import { styled } from "./styled.js";
import { action, inWords, named, row, tagChips } from "./tracks.js";
import { BARS, levelsOf, waveform } from "./waveform.js";

const OFTEN = 300; // milliseconds between two looks, while an answer is due
const SELDOM = 2000;
const DUE = 10; // seconds
const SHOWN = 12;
const LARGEST = 32 * 2 ** 20;

const REASONS = {
  too_short: "It is too short: three seconds at least, better ten.",
  silent: "It is silent. Record again, nearer to the music.",
  empty: "There is nothing in it.",
  too_large: "It is too large. Thirty seconds are enough.",
  other_model: "The catalogue is being heard anew. Try again in a few minutes.",
  internal_error: "Something went wrong while it was heard. Try again.",
};
const NO_MUSIC = "No music could be read from it. Record it again, or choose another file.";

const lasting = (seconds) => `${Math.round(seconds)} ${Math.round(seconds) === 1 ? "second" : "seconds"}`;

let latest = { id: null, file: null }; // whose clip is on this page: it can be heard again, and is sent nowhere else
let known = ""; // the key that was taken

export async function clip(main, values, { go, stays }) {
  await styled("clip");
  if (!stays()) return undefined;
  const wave = waveform("Nothing recorded yet");
  const sound = new Audio();
  const status = h("p", { class: "status", role: "status" });
  const clock = h("span", { class: "clock", "aria-hidden": "true" });
  const body = h("div", { class: "body" });
  const file = h("input", { type: "file", name: "clip", accept: ACCEPT, class: "unseen", "aria-label": "Choose a file", onchange: () => chosen(file) });
  const device = h("input", { type: "file", name: "recording", accept: "audio/*", capture: true, class: "unseen",
    "aria-label": "Record with this device", onchange: () => chosen(device) });
  const mic = h("button", { type: "button", class: "mic", onclick: () => (recording ? finish() : begin()) });
  const again = h("button", { type: "button", class: "button", onclick: playOrPause });
  const key = h("input", { type: "password", class: "search key", name: "key", autocomplete: "current-password", "aria-label": "API key",
    placeholder: "API key", value: known });
  const locked = h("form", { class: "add", hidden: true, onsubmit: (event) => { event.preventDefault(); send(latest.file); } },
    key, h("button", { class: "button primary" }, "Ask"));
  main.replaceChildren(h("section", { class: "listen" },
    h("h1", {}, "What does this sound like?"),
    canRecord() ? mic : h("label", { class: "button primary choose" }, icon("microphone"), "Record", device),
    h("div", { class: "stave" }, wave.element, clock),
    status,
    h("div", { class: "choices" }, again, h("label", { class: "button choose" }, "Choose a file", file)),
    locked,
    h("p", { class: "hint" }, canRecord() ? `Hold it to the music for ${SHORTEST} to ${LONGEST} seconds, or drop a file here. `
      : "Half a minute of music is enough; or drop a file here. ",
    "What you record is deleted as soon as it was heard, everything else within the hour.")), body);
  let recording = null;
  let beginning = false; // the person is asked for the microphone
  let timer;
  let questions = 0; // only the last one that was asked here is answered
  sound.ontimeupdate = () => wave.play(sound.ended || !pictured ? 0 : sound.currentTime / pictured);
  sound.onplay = sound.onpause = sound.onended = shownPlaying;
  let pictured = 0; // seconds
  shownIdle();

  const [id, given] = [values.get("id"), taken()];
  if (id && id === latest.id) await pictures(latest.file);
  else shownFile(null);
  if (given) send(given);
  else if (id) look(id, Date.now(), anew());
  else if (values.has("record")) {
    history.replaceState(history.state, "", "#/clip"); // whoever comes back is not recorded unasked
    if (canRecord()) begin();
  }
  return () => {
    clearTimeout(timer);
    recording?.cancel();
    sound.pause();
    URL.revokeObjectURL(sound.src);
  };

  function anew() {
    clearTimeout(timer);
    const mine = ++questions;
    return () => stays() && mine === questions;
  }

  async function begin() {
    if (beginning) return;
    beginning = true;
    const wanted = anew();
    sound.pause();
    document.dispatchEvent(new CustomEvent("earshot:hush"));
    body.replaceChildren();
    const levels = [];
    try {
      recording = await record({
        onLevel: (level) => { levels.push(level); wave.show(levels.slice(-BARS)); mic.style.setProperty("--level", level); },
        onSecond: shownRecording,
      });
    } catch (error) {
      status.replaceChildren(problem(refusal(error)));
      return;
    } finally {
      beginning = false;
    }
    if (!wanted()) {
      recording.cancel();
      recording = null;
      return;
    }
    wave.play(0);
    shownFile(null);
    wave.tell("What the microphone hears");
    shownRecording(0);
    const recorded = await recording.done;
    if (!wanted()) return;
    recording = null;
    shownIdle();
    if (!recorded) {
      wave.show([]);
      status.textContent = "";
    } else if (Math.max(...levels) === 0) {
      status.replaceChildren(problem({ message: "Nothing was to be heard.", hint: "Is the microphone on, and near enough to the music?" }));
    } else await send(recorded);
  }

  function finish() {
    if (recording.seconds() < SHORTEST) recording.cancel();
    else recording.stop();
  }

  function shownRecording(second) {
    const enough = second >= SHORTEST;
    mic.classList.add("on");
    mic.replaceChildren(icon(enough ? "stop" : "close"), enough ? "Done" : "Cancel");
    clock.textContent = `0:${String(second).padStart(2, "0")} of 0:${LONGEST}`;
    if (second === 0) status.textContent = `Listening to the microphone. ${SHORTEST} seconds at least.`;
    else if (second === SHORTEST) status.textContent = "Enough to go by; more is better.";
  }

  function shownIdle() {
    mic.classList.remove("on");
    mic.style.setProperty("--level", 0);
    mic.replaceChildren(icon("microphone"), latest.file ? "Again" : "Record");
    clock.textContent = "";
  }

  function shownPlaying() {
    again.replaceChildren(icon(sound.paused ? "play" : "pause"), sound.paused ? "Listen to it" : "Pause");
  }

  function shownFile(given) {
    again.hidden = !given;
    if (!given) return;
    URL.revokeObjectURL(sound.src);
    sound.src = URL.createObjectURL(given);
    shownPlaying();
  }

  function playOrPause() {
    if (!sound.paused) return sound.pause();
    document.dispatchEvent(new CustomEvent("earshot:hush"));
    return sound.play().catch(() => { status.textContent = "This browser cannot play it. It can be heard all the same."; });
  }

  function chosen(field) {
    const [given] = field.files;
    field.value = ""; // the same one may be chosen again
    if (given) send(given);
  }

  async function pictures(given) {
    shownFile(given);
    const found = await levelsOf(given);
    pictured = found?.seconds ?? 0;
    wave.play(0);
    wave.show(found?.levels ?? [], pictured);
    wave.tell(found ? `Your clip, ${lasting(pictured)}` : "Your clip");
  }

  async function send(given) {
    const wanted = anew();
    recording?.cancel();
    recording = null;
    latest = { id: null, file: given };
    shownIdle();
    body.replaceChildren();
    const drawn = pictures(given);
    if (given.size > LARGEST) {
      status.replaceChildren(problem({ message: "The file is too large.", hint: "Thirty seconds are enough: cut it, or choose another one." }));
      return;
    }
    status.textContent = "Sending it …";
    try {
      const query = await api.openQuery({ size: given.size, type: /^(audio|video)\//.test(given.type) ? given.type.split(";")[0] : undefined }, key.value);
      await upload(query.upload, given);
      if (!wanted()) return;
      locked.hidden = true;
      known = key.value;
      latest.id = query.query_id;
      // Without coming anew: what is on the page stays where it is.
      history[values.has("id") ? "pushState" : "replaceState"](history.state, "", `#/clip?id=${query.query_id}`);
      values.set("id", query.query_id);
      await drawn;
      await look(query.query_id, Date.now(), wanted);
    } catch (error) {
      if (!wanted()) return;
      if (error.code === "key_required") locked.hidden = false;
      status.replaceChildren(problem(error));
    }
  }

  async function look(query, since, wanted) {
    try {
      const answer = await api.query(query, { k: SHOWN });
      if (!wanted()) return;
      const waited = (Date.now() - since) / 1000;
      if (answer.status === "ready") await show(answer, wanted);
      else if (answer.status === "failed") {
        status.replaceChildren(problem({ message: "The clip could not be heard.", hint: REASONS[answer.reason] ?? NO_MUSIC }));
      } else {
        const text = waited < DUE ? "Listening …" : "Still listening: there is much to hear just now.";
        if (status.textContent !== text) status.textContent = text;
        timer = setTimeout(() => look(query, since, wanted), waited < DUE ? OFTEN : SELDOM);
      }
    } catch (error) {
      if (wanted()) status.replaceChildren(problem(error));
    }
  }

  async function show({ tags, descriptors, results }, wanted) {
    const stage = await currentStage().catch(() => "");
    if (!wanted()) return;
    const more = (track) => action("plus", `More like ${named(track)}`, () => go(`#/?like=${encodeURIComponent(track.track_id)}`));
    status.replaceChildren(h("span", {}, results.length ? "Heard. This sounds like it:" : "Heard. Nothing here sounds like it yet."));
    body.replaceChildren(
      h("div", { class: "heard" }, inWords(descriptors), tagChips(tags)),
      h("ol", { class: "tracks" }, results.map((track, number) =>
        row(track, { stage, rest: results.slice(number + 1), actions: [more(track)] }))));
  }
}
