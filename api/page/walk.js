// A walk over the map: which tracks it goes by, and its line.

import { api } from "./api.js";

const NAMES = ["from", "to", "steps", "harmonic", "energy", "listening"];

// What of an address asks for a walk; nothing without both ends.
export function walkIn(values) {
  const wanted = Object.fromEntries(NAMES.map((name) => [name, values.get(name) ?? ""]).filter(([, value]) => value));
  return wanted.from && wanted.to ? wanted : null;
}

export const addressOf = (view, wanted) => `#/${view}?${new URLSearchParams(wanted)}`;

// Its tracks in their order, the first among them.
export async function walked(wanted) {
  const answer = await api.path({ steps: "6", ...wanted });
  return [{ ...answer.query[0], similarity: null, shared_tags: [], versions: [] }, ...answer.results];
}

// Draws it through the points `stops`, numbered by the place that each has in the walk ([number, point] each); returns
// what it takes of the sheet.
export function drawWalk(pen, stops, points, camera, { accent, paper, ink }) {
  const places = stops.map(([number, i]) => [number, ...camera.onSheet(points.x[i], points.y[i])]);
  Object.assign(pen, { lineJoin: "round", lineCap: "round", textAlign: "center", textBaseline: "middle" });
  for (const [width, colour] of [[6, paper], [2.5, accent]]) {
    pen.beginPath();
    for (const [, x, y] of places) pen.lineTo(x, y);
    Object.assign(pen, { lineWidth: width, strokeStyle: colour });
    pen.stroke();
  }
  for (const [number, x, y] of places.toReversed()) {
    const isEnd = number === places[0][0] || number === places.at(-1)[0];
    pen.beginPath();
    pen.arc(x, y, isEnd ? 11 : 9, 0, 2 * Math.PI);
    Object.assign(pen, { fillStyle: isEnd ? accent : paper, strokeStyle: isEnd ? paper : accent, lineWidth: 2 });
    pen.fill();
    pen.stroke();
    pen.font = `600 ${isEnd ? 12 : 11}px ui-sans-serif, system-ui, sans-serif`;
    pen.fillStyle = isEnd ? paper : ink;
    pen.fillText(String(number), x, y + 0.5);
  }
  Object.assign(pen, { textAlign: "start", textBaseline: "alphabetic", lineCap: "butt" });
  return places.map(([, x, y]) => [x - 12, y - 12, x + 12, y + 12]);
}
