// What Earshot thinks somebody likes, as regions of the map: tracks that counted most, those that lie together as one.

import { api } from "./api.js";
import { listenerKey } from "./listener.js";
import { named } from "./tracks.js";

const NEAR = 0.16; // of the map's greater side: what lies closer is one region
const LEAST = 0.12; // radius of a region, likewise
const MOST = 6;
const SHOWN = 20;

let known; // { key, seeds } of the last recommendation: asking again would count as shown once more

export const remember = (seeds) => { known = { key: listenerKey(), seeds }; };
export const isKnown = () => known !== undefined && known.key === listenerKey();

export async function liked() {
  if (!isKnown()) remember((await api.recommend({ k: SHOWN }, listenerKey())).query);
  return known.seeds;
}

// Of weighted tracks and the points of the map: { x, y, radius, share, tag, seeds } each, the greatest share first.
export function regionsOf(seeds, points) {
  const shown = seeds.filter((seed) => seed.weight > 0 && points.at(seed.track_id) >= 0).sort((a, b) => b.weight - a.weight)
    .map((seed) => ({ seed, x: points.x[points.at(seed.track_id)], y: points.y[points.at(seed.track_id)] }));
  const side = Math.max(points.across.length, points.down.length);
  const groups = [];
  for (const point of shown) {
    const near = groups.find((group) => Math.hypot(group[0].x - point.x, group[0].y - point.y) < NEAR * side);
    if (near) near.push(point);
    else groups.push([point]);
  }
  const total = shown.reduce((sum, { seed }) => sum + seed.weight, 0);
  return groups.map((group) => {
    const weight = group.reduce((sum, { seed }) => sum + seed.weight, 0);
    const mean = (of) => group.reduce((sum, point) => sum + point.seed.weight * of(point), 0) / weight;
    const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
    const reach = Math.max(...group.map((point) => Math.hypot(point.x - x, point.y - y)));
    return { x, y, radius: reach + LEAST * side / 2, share: weight / total, tag: strongest(group), seeds: group.map(({ seed }) => seed) };
  }).sort((a, b) => b.share - a.share).slice(0, MOST);
}

function strongest(group) {
  const tags = new Map();
  for (const { seed } of group) for (const { name, probability } of seed.tags) tags.set(name, (tags.get(name) ?? 0) + seed.weight * probability);
  return [...tags].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

export const percent = ({ share }) => `${Math.max(1, Math.round(100 * share))} %`;

// "62 % jazz: around Velvet Song, Smoke Road"
export const told = (region) => `${percent(region)} ${region.tag || "without a tag"}: around ${region.seeds.slice(0, 3).map(named).join(", ")}`;

// Shades the regions: `place` says where a point of the map lies on the sheet, `unit` how many pixels one of its units is.
// Words stay within the sheet's `width`.
export function shade(pen, regions, place, unit, width, { accent, ink, paper }) {
  for (const region of regions) {
    const [x, y] = place(region);
    const radius = Math.max(26, region.radius * unit);
    const glow = pen.createRadialGradient(x, y, 0, x, y, radius);
    glow.addColorStop(0, accent);
    glow.addColorStop(0.7, accent);
    glow.addColorStop(1, "transparent");
    pen.globalAlpha = 0.1 + 0.25 * region.share;
    pen.fillStyle = glow;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = accent;
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.setLineDash([]);
  }
  pen.font = "600 13px ui-sans-serif, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.lineJoin = "round";
  for (const region of regions) {
    const [middle, y] = place(region);
    const text = `${percent(region)} ${region.tag}`.trim();
    const top = y - Math.max(26, region.radius * unit) - 6;
    const half = pen.measureText(text).width / 2 + 6;
    const x = Math.max(half, Math.min(width - half, middle)); // on the sheet, wherever the region is
    pen.lineWidth = 4;
    pen.strokeStyle = paper;
    pen.strokeText(text, x, top);
    pen.fillStyle = ink;
    pen.fillText(text, x, top);
  }
}
