// Elements without a framework: h("button", {class: "x", onclick}, "text", child).

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
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  stop: "M7 7h10v10H7z",
  dice: "M5 5h14v14H5zM9 9h.01M15 15h.01M15 9h.01M9 15h.01M12 12h.01",
};
const FILLED = new Set(["play", "pause", "stop"]);

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
  return h("button", { type: "button", class: "round", "aria-label": label, title: label, onclick, ...extra }, icon(name));
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
    say([error.message, error.hint].filter(Boolean).join(" ") || "Something went wrong.");
  }
};

export function problem(error) {
  if (error.code === "no_index_yet") {
    return h("p", { class: "empty" }, "Nothing has been heard yet. ", h("a", { href: "#/playlists" }, "Add a playlist"), " to begin.");
  }
  return h("div", { class: "problem", role: "alert" },
    h("strong", {}, error.message || "Something went wrong."),
    error.hint ? h("span", {}, error.hint) : null);
}

export function debounce(call, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), wait);
  };
}
