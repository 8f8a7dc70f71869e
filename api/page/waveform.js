// What was heard, drawn: bars as high as the clip is loud, one after the other.

import { h } from "./dom.js";
import { levelOf } from "./recorder.js";

export const BARS = 120;

const RATE = 8000; // enough for a picture, and a tenth of the memory
const MOST = 12 * 2 ** 20; // bytes of a file that is decoded for its picture
const HEARD = 30; // seconds: of a longer clip its middle is heard
const HEIGHT = 64;
const STEP = 5;

// The levels of a clip's samples, and its seconds; null where this browser cannot decode it.
export async function levelsOf(file) {
  if (file.size > MOST) return null;
  try {
    const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    const samples = decoded.getChannelData(0);
    const each = Math.max(1, samples.length / BARS);
    const levels = Array.from({ length: BARS }, (_, bar) => levelOf(samples.subarray(bar * each, (bar + 1) * each)));
    return { levels, seconds: decoded.duration };
  } catch (error) {
    if (error.name === "EncodingError") return null;
    throw error;
  }
}

// An element that shows `levels`, as far as there are any, and how much of them was played.
export function waveform(label) {
  const [all, played] = [svg("path", { class: "all" }), svg("path", { class: "played" })];
  const picture = svg("svg", { viewBox: `0 0 ${BARS * STEP} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, all, played);
  const element = h("div", { class: "waveform", role: "img", "aria-label": label }, picture);
  return {
    element,
    show(levels, seconds = 0) {
      for (const path of [all, played]) path.setAttribute("d", bars(levels));
      element.classList.toggle("cut", seconds > HEARD + 1);
      element.style.setProperty("--unheard", `${50 - 50 * Math.min(1, HEARD / Math.max(seconds, 1))}%`);
    },
    play: (share) => element.style.setProperty("--played", `${100 * share}%`),
    tell: (text) => element.setAttribute("aria-label", text),
  };
}

function bars(levels) {
  return levels.map((level, bar) => {
    const half = Math.max(1, (level * (HEIGHT - 6)) / 2);
    return `M${bar * STEP + STEP / 2} ${(HEIGHT / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
  }).join("");
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
