// Ask with a clip: recorded here, dropped or chosen. It goes up to where the server says, and what sounds like it comes back.

import { api, currentStage, upload } from "./api.js";
import { h, icon, problem } from "./dom.js";
import { LONGEST, SHORTEST, canRecord, record, refusal } from "./recorder.js";
import { action, inWords, named, row, tagChips } from "./tracks.js";
import { BARS, levelsOf, waveform } from "./waveform.js";

const OFTEN = 300; // milliseconds between two looks, while an answer is due
const SELDOM = 2000;
const DUE = 10; // seconds
const SHOWN = 12;
const LARGEST = 32 * 2 ** 20;
const ACCEPT = "audio/*,video/webm,video/mp4,video/x-matroska,.dsf,.wv,.tta,.ape,.wma,.caf,.mka";

const REASONS = {
  too_short: "It is too short: three seconds at least, better ten.",
  silent: "It is silent. Record again, nearer to the music.",
  empty: "There is nothing in it.",
  too_large: "It is too large. Thirty seconds are enough.",
  other_model: "The catalogue is being heard anew. Try again in a few minutes.",
  internal_error: "Something went wrong while it was heard. Try again.",
};
const NO_MUSIC = "No music could be read from it. Record it again, or choose another file.";

let latest = { id: null, file: null }; // whose clip is on this page: it can be heard again, and is sent nowhere else

export async function clip(main, values, { go, stays }) {
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
    placeholder: "API key" });
  const locked = h("form", { class: "add", hidden: true, onsubmit: (event) => { event.preventDefault(); send(latest.file); } },
    key, h("button", { class: "button primary" }, "Ask"));
  const drop = h("section", { class: "listen", ondragover: over, ondragleave: () => drop.classList.remove("over"), ondrop: dropped },
    h("h1", {}, "What does this sound like?"),
    canRecord() ? mic : h("label", { class: "button primary choose" }, icon("microphone"), "Record", device),
    h("div", { class: "stave" }, wave.element, clock),
    status,
    h("div", { class: "choices" }, again, h("label", { class: "button choose" }, "Choose a file", file)),
    locked,
    h("p", { class: "hint" }, canRecord() ? `Hold it to the music for ${SHORTEST} to ${LONGEST} seconds, or drop a file here. `
      : "Half a minute of music is enough; or drop a file here. ",
    "What you record is deleted as soon as it was heard, everything else within the hour."));
  let recording = null;
  let timer;
  main.replaceChildren(drop, body);
  sound.ontimeupdate = () => wave.play(sound.ended || !pictured ? 0 : sound.currentTime / pictured);
  sound.onplay = sound.onpause = sound.onended = shownPlaying;
  let pictured = 0; // seconds
  shownIdle();

  const id = values.get("id");
  if (id && id === latest.id) await pictures(latest.file);
  else shownFile(null);
  if (id) look(id, Date.now());
  else if (values.has("record") && canRecord()) begin();
  return () => {
    clearTimeout(timer);
    recording?.cancel();
    sound.pause();
    URL.revokeObjectURL(sound.src);
  };

  async function begin() {
    clearTimeout(timer);
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
    }
    if (!stays()) return recording.cancel();
    wave.play(0);
    shownFile(null);
    wave.tell("What the microphone hears");
    shownRecording(0);
    const recorded = await recording.done;
    recording = null;
    shownIdle();
    if (!stays()) return;
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
    if (field.files.length) send(field.files[0]);
  }

  function over(event) {
    event.preventDefault();
    drop.classList.add("over");
  }

  function dropped(event) {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  }

  async function pictures(given) {
    shownFile(given);
    const found = await levelsOf(given);
    pictured = found?.seconds ?? 0;
    wave.play(0);
    wave.show(found?.levels ?? [], pictured);
    wave.tell(found ? `Your clip, ${Math.round(pictured)} seconds` : "Your clip");
  }

  async function send(given) {
    clearTimeout(timer);
    recording?.cancel();
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
      if (!stays()) return;
      locked.hidden = true;
      latest.id = query.query_id;
      // Without coming anew: what is on the page stays where it is.
      history[values.has("id") ? "pushState" : "replaceState"](history.state, "", `#/clip?id=${query.query_id}`);
      values.set("id", query.query_id);
      await drawn;
      await look(query.query_id, Date.now());
    } catch (error) {
      if (error.code === "key_required") locked.hidden = false;
      if (stays()) status.replaceChildren(problem(error));
    }
  }

  async function look(query, since) {
    try {
      const answer = await api.query(query, { k: SHOWN });
      if (!stays()) return;
      const waited = (Date.now() - since) / 1000;
      if (answer.status === "ready") await show(answer);
      else if (answer.status === "failed") {
        status.replaceChildren(problem({ message: "The clip could not be heard.", hint: REASONS[answer.reason] ?? NO_MUSIC }));
      } else {
        const text = waited < DUE ? "Listening …" : "Still listening: there is much to hear just now.";
        if (status.textContent !== text) status.textContent = text;
        timer = setTimeout(() => look(query, since), waited < DUE ? OFTEN : SELDOM);
      }
    } catch (error) {
      if (stays()) status.replaceChildren(problem(error));
    }
  }

  async function show({ tags, descriptors, results }) {
    const stage = await currentStage().catch(() => "");
    if (!stays()) return;
    const more = (track) => action("plus", `More like ${named(track)}`, () => go(`#/?like=${encodeURIComponent(track.track_id)}`));
    status.replaceChildren(h("span", {}, results.length ? "Heard. This sounds like it:" : "Heard. Nothing here sounds like it yet."));
    body.replaceChildren(
      h("div", { class: "heard" }, inWords(descriptors), tagChips(tags)),
      h("ol", { class: "tracks" }, results.map((track, number) =>
        row(track, { stage, rest: results.slice(number + 1), actions: [more(track)] }))));
  }
}
