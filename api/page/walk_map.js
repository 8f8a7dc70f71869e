// A small map with a walk on it.

import { camera as cameraOn } from "./camera.js";
import { h } from "./dom.js";
import { mapped } from "./mapped.js";
import { painter, sceneOf } from "./paint.js";
import { named } from "./tracks.js";
import { addressOf, walkIn } from "./walk.js";

// Its place on the page at once, so that nothing moves when the map comes; `draw` fetches it, `leave` lets it go.
export function walkMap(state, journey) {
  const canvas = h("canvas", { role: "img", "aria-label": `The walk on the map, from ${named(journey[0])} to ${named(journey.at(-1))}` });
  const figure = h("figure", { class: "sketch" }, canvas, h("a", { class: "button", href: addressOf("map", walkIn(new URLSearchParams(state))) }, "See it on the map"));
  let paint;
  let gone = false;

  async function draw() {
    const points = await mapped().catch(() => null); // without a map the list says the same
    if (gone) return;
    const stops = points ? journey.map((track, number) => [number + 1, points.at(track.track_id)]).filter(([, i]) => i >= 0) : [];
    if (stops.length < 2) return figure.remove();
    const camera = cameraOn(points, { x: 40, y: 40 });
    const rows = stops.map(([, i]) => i);
    paint = painter(canvas, figure, sceneOf(points, camera, { stops }), { parts: [figure.querySelector("a")],
      measured: () => camera.fit(rows, { top: 0, right: camera.size.width, bottom: camera.size.height }) });
    return paint.begin();
  }

  return { figure, draw, leave: () => { gone = true; paint?.end(); } };
}
