// What plays and what comes next, kept for as long as the tab is. Whatever changes it is told as earshot:queue.

const KEPT = "earshot-queue";
const MOST = 500;
const FIELDS = ["track_id", "source", "title", "artists", "album", "url", "artwork_url"];

// A browser that keeps nothing for a page says so by throwing.
const store = (() => { try { return sessionStorage; } catch { return null; } })();

export const queue = { tracks: [], at: -1, ...kept() };

export const current = () => queue.tracks[queue.at] ?? null;
export const following = () => queue.tracks[queue.at + 1] ?? null;

function kept() {
  try {
    const { tracks, at } = JSON.parse(store?.getItem(KEPT) ?? "null") ?? {};
    return Array.isArray(tracks) && Number.isInteger(at) && tracks.every(({ track_id: id, artists }) => id && artists) ? { tracks, at } : {};
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return {}; // what was kept is no queue
  }
}

function change(tracks, at) {
  Object.assign(queue, { tracks: tracks.slice(0, MOST), at });
  store?.setItem(KEPT, JSON.stringify({ tracks: queue.tracks, at }));
  document.dispatchEvent(new CustomEvent("earshot:queue"));
}

const lean = (track) => Object.fromEntries(FIELDS.map((name) => [name, track[name]]));

export const replace = (tracks) => change(tracks.map(lean), 0);
export const add = (tracks) => change([...queue.tracks, ...tracks.map(lean)], queue.at);
export const go = (at) => change(queue.tracks, at);
export const clear = () => change([], -1);

// What comes after the current track is dropped.
export const clearRest = () => change(queue.tracks.slice(0, queue.at + 1), queue.at);

export function move(from, to) {
  if (to < 0 || to >= queue.tracks.length) return;
  const playing = current();
  const tracks = queue.tracks.toSpliced(from, 1).toSpliced(to, 0, queue.tracks[from]);
  change(tracks, tracks.indexOf(playing));
}

// Not the current one: that is what plays.
export function remove(at) {
  if (at !== queue.at) change(queue.tracks.toSpliced(at, 1), at < queue.at ? queue.at - 1 : queue.at);
}
