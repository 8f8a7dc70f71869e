// The keys of keyboards, headphones and lock screens: what plays is told to the system, and its keys are heard.

import { close, next, playOrPause, previous, seek, state } from "./player.js";
import { following } from "./queue.js";
import { artistsOf, artwork, named } from "./tracks.js";

const STEP = 10; // seconds, where the system says none

export function tellMediaKeys() {
  const session = navigator.mediaSession;
  if (!session) return;
  const turn = (paused) => () => { if (state().paused === paused) playOrPause(); };
  const on = { play: turn(true), pause: turn(false), stop: close, previoustrack: previous, nexttrack: next,
    seekto: ({ seekTime }) => seek(seekTime),
    seekbackward: ({ seekOffset }) => seek(state().at - (seekOffset ?? STEP)),
    seekforward: ({ seekOffset }) => seek(state().at + (seekOffset ?? STEP)) };
  for (const [name, call] of Object.entries(on)) {
    try {
      session.setActionHandler(name, call);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a browser that does not know this key
    }
  }
  let shown = null;
  function tell() {
    const { track, paused, at, length } = state();
    if (track !== shown) {
      shown = track;
      const src = track && artwork(track, 500);
      session.metadata = track && new MediaMetadata({ title: named(track), artist: artistsOf(track), album: track.album ?? "",
        artwork: src ? [{ src: new URL(src, location.href).href }] : [] });
    }
    session.setActionHandler("nexttrack", following() ? next : null);
    session.playbackState = track ? (paused ? "paused" : "playing") : "none";
    if (track && Number.isFinite(length) && length > 0) session.setPositionState?.({ duration: length, position: Math.min(at, length), playbackRate: 1 });
    else session.setPositionState?.();
  }
  for (const what of ["queue", "playing", "time"]) document.addEventListener(`earshot:${what}`, tell);
  tell();
}
