// Takes an answer away: as a playlist for a player, as a table, or as a link.

import { h, saying } from "./dom.js";

const FORMS = [["m3u8", "M3U8 (players)"], ["xspf", "XSPF"], ["jspf", "JSPF"], ["csv", "CSV (tables)"], ["json", "JSON"]];

// `ask` gives the text of the list in a form.
export function takeAway(ask) {
  const link = h("button", { type: "button", class: "button", onclick: saying(async () => {
    await navigator.clipboard.writeText(location.href);
    link.textContent = "Copied";
    setTimeout(() => { link.textContent = "Copy link"; }, 2000);
  }) }, "Copy link");
  return download(ask, FORMS, link);
}

// The list of a crawl; what it holds in JSON comes page by page.
export const takeAwayCrawl = (ask) => download(ask, FORMS.filter(([value]) => value !== "json"));

function download(ask, forms, ...more) {
  const form = h("select", { "aria-label": "Form of the list" }, forms.map(([value, text]) => h("option", { value }, text)));
  return h("div", { class: "settings take-away" }, form,
    h("button", { type: "button", class: "button", onclick: saying(async () => save(await ask(form.value), `earshot.${form.value}`)) }, "Download"),
    ...more);
}

function save(text, name) {
  const url = URL.createObjectURL(new Blob([text]));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
