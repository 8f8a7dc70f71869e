// Elements without a framework: h("button", {class: "x", onclick}, "text", child).

import { inWords, mayPass } from "./words.js";

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style") for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ICONS = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  path: "M5 18c6 0 2-12 8-12h6m-3-3 3 3-3 3",
  swap: "M7 4v16m0 0-3-3m3 3 3-3M17 20V4m0 0-3 3m3-3 3 3",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  heart: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.4 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  ban: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  microphone: "M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  file: "M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 16a1.5 1.5 0 1 0 0-.01zM11.5 16v-5l3-.8",
  folder: "M3.5 6.5h6l2 2.5h9v10h-17z",
  stop: "M7 7h10v10H7z",
  dice: "M5 5h14v14H5zM9 9h.01M15 15h.01M15 9h.01M9 15h.01M12 12h.01",
  previous: "M6 5h2.4v14H6zM19 5.5v13L9.5 12z",
  next: "M15.6 5H18v14h-2.4zM5 5.5v13l9.5-6.5z",
  volume: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11",
  list: "M4 6.5h16M4 12h10M4 17.5h7M17 13.5v6l4-3z",
  up: "M12 19V5m-5.5 5.5L12 5l5.5 5.5",
  down: "M12 5v14m5.5-5.5L12 19l-5.5-5.5",
  frame: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9.5 12h5M12 9.5v5",
  lasso: "M7.2 14.3C5 13.3 3.6 11.7 3.6 9.9c0-3.1 3.8-5.6 8.4-5.6s8.4 2.5 8.4 5.6-3.8 5.6-8.4 5.6c-.9 0-1.8-.1-2.7-.3M9.3 15.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7 17.5c.6 1.5-.2 2.8-2 3.2",
};
const FILLED = new Set(["play", "pause", "stop", "previous", "next"]);

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "round", "aria-label": label, title: label, "data-icon": name, onclick, ...extra }, icon(name));
}

// A hue that belongs to a text, so that a track always wears the same colours.
export function hue(text) {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 16777619);
  return Math.abs(hash) % 360;
}

let vanishing;
export function say(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(vanishing);
  vanishing = setTimeout(() => toast.classList.remove("shown"), 5000);
}

// `call`, whose failure is said and not thrown: for buttons.
export const saying = (call) => async (...values) => {
  try {
    await call(...values);
  } catch (error) {
    sayWhy(error);
  }
};

// What failed, in passing.
export function sayWhy(error) {
  if (error.code === "offline") return; // which is said until it is over
  const { message, hint } = inWords(error);
  say([message, hint].filter(Boolean).join(" "));
}

// What went wrong, in words, with a way to try again: `again`, or the whole view where it may have passed.
export function problem(error, again = mayPass(error) ? () => document.dispatchEvent(new CustomEvent("earshot:again")) : null) {
  if (error.code === "no_index_yet") {
    return h("p", { class: "empty" }, "Nothing has been heard yet. ", h("a", { href: "#/playlists" }, "Add a playlist"), " to begin.");
  }
  const { message, hint } = inWords(error);
  return h("div", { class: "problem", role: "alert" }, h("strong", {}, message), hint ? h("span", {}, hint) : null,
    again ? h("button", { type: "button", class: "button", onclick: () => again() }, "Try again") : null);
}

export function debounce(call, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), wait);
  };
}
