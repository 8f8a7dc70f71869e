// A listening journey from one track to another.

import { api, currentStage } from "./api.js";
import { h, icon, problem } from "./dom.js";
import { takeAway } from "./lists.js";
import { picker } from "./picker.js";
import { playAll } from "./play_all.js";
import { walkMap } from "./walk_map.js";
import { named, row } from "./tracks.js";
import { walked } from "./walk.js";
import { hasLearned, listeningSlider } from "./weights.js";

const ENERGY = { "": "as it comes", build_up: "build up", calm_down: "calm down" };

export async function path(main, values, { go, stays }) {
  const state = { from: values.get("from") ?? "", to: values.get("to") ?? "", steps: values.get("steps") ?? "6",
    listening: values.get("listening") ?? "", harmonic: values.get("harmonic") ?? "", energy: values.get("energy") ?? "" };
  const walk = (more) => {
    const next = { ...state, ...more };
    const wanted = new URLSearchParams(Object.entries(next).filter(([, value]) => value));
    go(`#/path?${wanted}`);
  };
  const steps = h("input", { type: "range", min: "1", max: "20", value: state.steps, onchange: () => walk({ steps: steps.value }) });
  const body = h("div", { class: "body" });
  const ends = h("div", { class: "ends" });
  const settings = h("div", { class: "settings" }, h("label", {}, "Steps in between ", steps, h("output", {}, state.steps)),
    choice("Keys", "harmonic", { "": "any", 1: "that go together" }), choice("Energy", "energy", ENERGY));
  main.replaceChildren(h("section", { class: "hero small" }, h("h1", {}, "Walk from one track to another"), ends, settings), body);
  hasLearned().then((learned) => {
    if (learned) settings.append(listeningSlider(state.listening || "0", (value) => walk({ listening: value === "0" ? "" : value })));
  });
  drawEnds("", "");

  function choice(label, name, texts) {
    const select = h("select", { name, onchange: () => walk({ [name]: select.value }) }, Object.entries(texts).map(([value, text]) =>
      h("option", { value, selected: value === state[name] }, text)));
    return h("label", {}, label, " ", select);
  }

  function drawEnds(first, last) {
    ends.replaceChildren(
      picker({ label: "From", placeholder: "From…", value: first, onPick: (track) => walk({ from: track.track_id }) }),
      h("button", { type: "button", class: "round", "aria-label": "Swap the ends", title: "Swap the ends",
        disabled: !(state.from && state.to), onclick: () => walk({ from: state.to, to: state.from }) }, icon("swap")),
      picker({ label: "To", placeholder: "To…", value: last, onPick: (track) => walk({ to: track.track_id }) }));
  }

  if (!state.from || !state.to) {
    if (state.from || state.to) {
      try {
        const known = (await api.similar(state.from || state.to, { k: 1 })).query[0];
        drawEnds(state.from ? named(known) : "", state.to ? named(known) : "");
      } catch (error) {
        body.replaceChildren(problem(error));
      }
    }
    if (!body.hasChildNodes()) body.append(h("p", { class: "empty" }, "Choose where to start and where to arrive. Each step is close to the last."));
    return undefined;
  }
  const stage = await currentStage().catch(() => "");
  try {
    const journey = await walked(state);
    if (!stays()) return undefined;
    drawEnds(named(journey[0]), named(journey.at(-1)));
    const sketch = walkMap(state, journey);
    body.replaceChildren(
      h("div", { class: "bar" }, h("h2", {}, `${journey.length} tracks`), playAll(journey, stage, "Play the walk"),
        takeAway((format) => api.pathAs(format, state))),
      sketch.figure,
      h("ol", { class: "tracks walk" }, journey.map((track, number) => row(track, { stage, rest: journey.slice(number + 1) }))));
    sketch.draw();
    return sketch.leave;
  } catch (error) {
    body.replaceChildren(problem(error));
    return undefined;
  }
}
