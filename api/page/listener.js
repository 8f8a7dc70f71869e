// Who listens here, and what is told of it: a key names the listener; on one's own machine none is needed.

import { api, currentStage } from "./api.js";
import { h } from "./dom.js";

const HEARD_S = 30;

let key = "";
export const listenerKey = () => key;

// A field for the key, shown once one is asked for.
export const keyField = (onchange) => h("input", { type: "password", class: "search key", name: "key", autocomplete: "current-password",
  "aria-label": "API key", placeholder: "API key", hidden: !key, value: key, onchange: (event) => { key = event.target.value; onchange(); } });

const isKnown = async () => key !== "" || (await currentStage().catch(() => "")) === "local";

// A track was left after `seconds` of `length`: a play when half of it or half a minute was heard, else a skip.
export async function left({ track, seconds, length, began }) {
  if (seconds < 1 || !(await isKnown())) return;
  const skipped = seconds < Math.min(HEARD_S, (Number.isFinite(length) ? length : 2 * HEARD_S) / 2);
  await api.listen({ track_id: track.track_id, title: track.title, artists: track.artists.slice(0, 20), client: "Earshot's page",
    listened_at: began, played_ms: Math.round(seconds * 1000), skipped }, key).catch(() => {});
}

export async function began({ track }) {
  if (await isKnown()) await api.playing({ track_id: track.track_id, client: "Earshot's page" }, key).catch(() => {});
}
