// A list of tracks that grows on request.

import { h, saying } from "./dom.js";

export const PAGE = 12;
const MOST_AT_ONCE = 100;

// Answers to `ask(offset, count)` until there are `wanted` results, as one.
export async function gathered(ask, wanted) {
  const answer = await ask(0, Math.min(wanted, MOST_AT_ONCE));
  while (answer.results.length < wanted && answer.results.length % MOST_AT_ONCE === 0 && answer.results.length) {
    const { results } = await ask(answer.results.length, Math.min(wanted - answer.results.length, MOST_AT_ONCE));
    if (!results.length) break;
    answer.results.push(...results);
  }
  return answer;
}

// `draw(track, following)` gives a row; `total`: how many there are, where that is known.
export function pages(first, ask, draw, total = Infinity) {
  const list = h("ol", { class: "tracks" }, first.map((track, number) => draw(track, first.slice(number + 1))));
  const more = h("button", { type: "button", class: "button wide", onclick: saying(async () => {
    more.disabled = true;
    try {
      const { results } = await ask(list.children.length, PAGE);
      list.append(...results.map((track, number) => draw(track, results.slice(number + 1))));
      more.hidden = results.length < PAGE || list.children.length >= total;
    } finally {
      more.disabled = false;
    }
  }) }, "Show more");
  more.hidden = first.length < PAGE || first.length % PAGE !== 0 || first.length >= total;
  return h("div", { class: "pages" }, list, more);
}
