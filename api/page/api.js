// The HTTP API, as documented at /docs.

export class Problem extends Error {
  constructor(error, status) {
    super(error.message);
    this.code = error.code;
    this.hint = error.hint;
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    document.dispatchEvent(new CustomEvent("earshot:away"));
    throw new Problem({ code: "offline", message: "Earshot does not answer.",
      hint: navigator.onLine ? "It may be starting, or have been stopped." : "You seem to be offline." }, 0);
  }
  document.dispatchEvent(new CustomEvent("earshot:back"));
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  const busy = answer.status === 429 || answer.status >= 500;
  throw new Problem(body?.error ?? { code: "no_answer", message: `The server answered ${answer.status}.`,
    hint: busy ? "Try again in a moment." : "" }, answer.status);
}

const REPEATED = new Set(["genre", "not_artist"]); // names have commas

function query(values) {
  const texts = Object.entries(values).flatMap(([name, value]) => REPEATED.has(name) && Array.isArray(value)
    ? value.map((one) => [name, one]) : [[name, Array.isArray(value) ? value.join(",") : value]]);
  return new URLSearchParams(texts.filter(([, text]) => text !== undefined && text !== null && text !== ""));
}

const send = (method, path, body, headers = {}, options = {}) =>
  ask(path, { method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body), ...options });
const post = (path, body, headers) => send("POST", path, body, headers);

async function text(path, options) {
  const answer = await fetch(path, options).catch(() => null);
  if (answer?.ok) return answer.text();
  const body = await answer?.json().catch(() => null);
  throw new Problem(body?.error ?? { code: "no_answer", message: "The list could not be had.", hint: "Try again." }, answer?.status ?? 0);
}

const withKey = (key) => (key ? { "X-Api-Key": key } : {});

export const api = {
  health: () => ask("/health"),
  search: (values, signal) => ask(`/search?${query(values)}`, { signal }),
  similar: (trackId, values) => ask(`/similar?${query({ track_id: trackId, ...values })}`),
  mix: (seeds, values) => post("/similar", { seeds, ...values }),
  extend: (trackIds, values) => post("/extend", { track_ids: trackIds, ...values }),
  extendAs: (format, trackIds, values) => text("/extend", { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ track_ids: trackIds, ...values, format }) }),
  folders: (folder) => ask(`/folders?${query({ in: folder })}`),
  path: (wanted) => ask(`/path?${query(wanted)}`),
  similarAs: (format, trackId, values) => text(`/similar?${query({ track_id: trackId, ...values, format })}`),
  mixAs: (format, seeds, values) => text("/similar", { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ seeds, ...values, format }) }),
  pathAs: (format, wanted) => text(`/path?${query({ ...wanted, format })}`),
  listAs: (format, trackIds) => text("/lists", { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ track_ids: trackIds, format }) }),
  searchAs: (format, values) => text(`/search?${query({ ...values, format })}`),
  genres: () => ask("/genres"),
  tags: () => ask("/tags"),
  map: () => ask("/map"),
  sources: () => ask("/sources"),
  crawls: (key) => ask("/crawls?limit=20", { headers: withKey(key) }),
  crawl: (id, key) => ask(`/crawls/${encodeURIComponent(id)}`, { headers: withKey(key), cache: "no-cache" }), // what is done may be forgotten
  unheard: (id, after, key) => ask(`/crawls/${encodeURIComponent(id)}/entries?${query({ status: "unheard", after })}`, { headers: withKey(key) }),
  entriesAs: (format, id, key) => text(`/crawls/${encodeURIComponent(id)}/entries?${query({ format })}`, { headers: withKey(key) }),
  start: (playlist, key) => post("/crawls", { playlist }, withKey(key)),
  startList: (list, key) => post("/crawls", list, withKey(key)),
  previewList: (list, key) => post("/crawls/preview", list, withKey(key)),
  crawlAgain: (id, agreed, key) => post("/crawls", { again: id, remove_missing: agreed > 0, agreed }, withKey(key)),
  forget: (id, removeTracks, key) => ask(`/crawls/${encodeURIComponent(id)}?${query({ remove_tracks: removeTracks })}`,
    { method: "DELETE", headers: withKey(key) }),
  playlists: (after, key) => ask(`/playlists?${query({ limit: 20, after })}`, { headers: withKey(key) }),
  playlist: (id, key) => ask(`/playlists/${encodeURIComponent(id)}`, { headers: withKey(key) }),
  changePlaylist: (id, change, key) => send("PATCH", `/playlists/${encodeURIComponent(id)}`, change, withKey(key)),
  cancel: (id, key) => ask(`/crawls/${encodeURIComponent(id)}/cancel`, { method: "POST", headers: withKey(key) }),
  recommend: (values, key) => ask(`/recommend?${query(values)}`, { headers: withKey(key) }),
  listens: (values, key) => ask(`/listens?${query({ limit: 30, ...values })}`, { headers: withKey(key) }),
  listen: (play, key) => send("POST", "/listens", { listens: [play] }, withKey(key), { keepalive: true }),
  playing: (play, key) => send("PUT", "/listens/now", play, withKey(key)),
  opinions: (key) => ask("/opinions", { headers: withKey(key) }),
  opinion: (id, opinion, key) => (opinion ? send("PUT", `/opinions/${encodeURIComponent(id)}`, { opinion }, withKey(key))
    : ask(`/opinions/${encodeURIComponent(id)}`, { method: "DELETE", headers: withKey(key) })),
  forgetMe: (key) => ask("/listens", { method: "DELETE", headers: withKey(key) }),
  openQuery: (clip, key) => post("/queries", clip, withKey(key)),
  query: (id, values) => ask(`/queries/${encodeURIComponent(id)}?${query(values)}`),
};

// The store answers a page with nothing but whether it took the file.
export async function upload({ method, url, headers }, file) {
  const failed = { code: "upload_failed", message: "The clip could not be uploaded.", hint: "Try again." };
  const answer = await fetch(url, { method, headers, body: file }).catch(() => { throw new Problem(failed, 0); });
  if (!answer.ok) throw new Problem(failed, answer.status);
}

// What /health says, asked once; again where it failed.
let health;
export const about = () => (health ??= api.health().catch((error) => { health = undefined; throw error; }));
export const currentStage = async () => (await about()).stage;

// The tags of the catalogue, the commonest first: { name, tracks, share, base_rate, threshold } each.
export const tags = async () => (await api.tags()).tags;
