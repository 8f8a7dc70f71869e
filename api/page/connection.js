// Says that Earshot does not answer, asks until it does, and then goes on.

import { h } from "./dom.js";

const FIRST = 2000;
const LONGEST = 15000;

const note = h("p", { class: "away", role: "status", hidden: true });
let timer;

async function look(wait) {
  const answers = await fetch("/health", { cache: "no-store" }).then((answer) => answer.status < 500, () => false);
  if (answers) return back();
  timer = setTimeout(() => look(Math.min(2 * wait, LONGEST)), wait);
}

function away() {
  if (!note.isConnected) document.body.append(note);
  note.replaceChildren(navigator.onLine ? "Earshot does not answer. What is here stays; it goes on as soon as it is back. "
    : "You are offline. What is here stays; it goes on as soon as you are back. ",
  h("button", { type: "button", class: "button", onclick: () => { clearTimeout(timer); look(FIRST); } }, "Ask again"));
  if (!note.hidden) return;
  note.hidden = false;
  timer = setTimeout(() => look(FIRST), FIRST);
}

function back() {
  clearTimeout(timer);
  if (note.hidden) return;
  note.hidden = true;
  if (document.querySelector("main .problem")) document.dispatchEvent(new CustomEvent("earshot:again"));
}

export function watchConnection() {
  document.addEventListener("earshot:away", away);
  document.addEventListener("earshot:back", back);
  addEventListener("online", () => { if (!note.hidden) look(FIRST); });
}
