// A search field that offers tracks (ARIA combobox with a list box).

import { api } from "./api.js";
import { debounce, h } from "./dom.js";
import { artistsOf, named } from "./tracks.js";
import { inWords } from "./words.js";

let count = 0;

// `adds`: what is picked is one of several, and the field is for the next one; `onAll(text)` shows all that was found.
export function picker({ label, placeholder, onPick, onAll = null, value = "", big = false, adds = false }) {
  const id = `picker${++count}`;
  const list = h("ul", { id: `${id}-list`, class: "options", role: "listbox", "aria-label": label, hidden: true });
  const input = h("input", {
    id, type: "search", class: big ? "search big" : "search", placeholder, value, autocomplete: "off", spellcheck: "false",
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", "aria-label": label,
    enterkeyhint: "search",
  });
  let found = [];
  let at = -1;
  let asking;
  let impatient = false; // Enter was pressed before there was anything to pick

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(to) {
    at = (to + found.length) % found.length;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", `${id}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function pick(track) {
    const all = track.all;
    input.value = adds ? "" : all ?? named(track);
    close();
    if (all) onAll(all);
    else onPick(track);
  }

  function show(tracks, note, total = tracks.length) {
    found = onAll && total > tracks.length ? [...tracks, { all: input.value.trim() }] : tracks;
    at = -1;
    list.replaceChildren(...(found.length
      ? found.map((track, number) => h("li", {
          id: `${id}-${number}`, role: "option", "aria-selected": "false",
          onpointerdown: (event) => { event.preventDefault(); pick(track); },
        }, track.all ? h("span", {}, `Show all ${total.toLocaleString()}`) : [h("strong", {}, named(track)), h("span", {}, artistsOf(track))]))
      : [h("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, note)]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  const search = debounce(async () => {
    const text = input.value.trim();
    if (!text) return close();
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await api.search({ text, limit: 8 }, asking.signal);
      if (document.activeElement !== input) return;
      show(answer.results, "No track here has these words.", answer.total);
      if (impatient && found.length) pick(found[0]);
    } catch (error) {
      if (error.name !== "AbortError") show([], inWords(error).message);
    }
  }, 120);

  input.addEventListener("input", () => {
    asking?.abort(); // what is offered must be an answer to what stands there
    found = [];
    impatient = false;
    search();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) search();
    else if (event.key === "ArrowDown" && found.length) mark(at + 1);
    else if (event.key === "ArrowUp" && found.length) mark(at < 0 ? found.length - 1 : at - 1);
    else if (event.key === "Enter" && found.length && !list.hidden) pick(found[Math.max(at, 0)]);
    else if (event.key === "Enter" && input.value.trim()) { impatient = true; search(); }
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  return h("div", { class: "picker" }, input, list);
}
