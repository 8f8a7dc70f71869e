// Paints the map. The points take a while: they are drawn only where they lie or look otherwise than before, and where
// that takes long, first the picture of before is moved to where they lie now, and drawn anew in the next pause.

import { labelsOf, writeLabels } from "./labels.js";
import { drawOutline } from "./lasso.js";
import { coloursOf, plotter, radiusOf } from "./plot.js";
import { shade } from "./taste.js";
import { drawWalk } from "./walk.js";

const QUICK_MS = 8; // what points may take of a frame
const PAUSE_MS = 90;
const SHARPEST = 2; // pixels of the picture in one of the sheet's: more are not seen, and cost

// What is to be seen: points that are pointed at, chosen, like the chosen one, within an outline, on a walk; regions of taste.
export const sceneOf = (points, camera, more) =>
  ({ points, camera, hovered: -1, chosen: -1, near: [], lit: -1, outline: null, found: new Set(), drawing: null, regions: [], stops: [], ...more });

// `scene` says what is to be seen; of the sheet, names keep off the `parts` that lie over it. `measured` is called once the sheet has
// another size. paint(true) draws the points anew.
export function painter(canvas, sheet, scene, { parts = [], measured = () => {} } = {}) {
  const { points, camera } = scene;
  const plot = plotter(points);
  const labels = labelsOf(points);
  const pen = canvas.getContext("2d");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new ResizeObserver(fit);
  let colours, picture, ratio, taken = [], asked = 0, later = 0, plotted = false, took = 0, of = null;

  function paint(again = false) {
    if (again) plotted = false;
    asked ||= requestAnimationFrame(now);
  }

  function fit() {
    const box = sheet.getBoundingClientRect();
    ratio = Math.min(SHARPEST, devicePixelRatio || 1);
    Object.assign(camera.size, { width: box.width, height: box.height });
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    measured();
    draw();
  }

  function dye() {
    colours = coloursOf(sheet, points.kinds);
    draw();
  }

  function now() {
    asked = 0;
    if (!plotted && took < QUICK_MS) return draw();
    if (!plotted) {
      clearTimeout(later);
      later = setTimeout(draw, PAUSE_MS);
    }
    return show();
  }

  function draw() {
    clearTimeout(later);
    const began = performance.now();
    picture = plot(camera, ratio, colours, brightness());
    took = performance.now() - began;
    of = { ...camera.view, unit: camera.unit() };
    taken = parts.filter((part) => part.offsetParent).map((part) => [part.offsetLeft, part.offsetTop, part.offsetLeft + part.offsetWidth, part.offsetTop + part.offsetHeight]);
    plotted = true;
    show();
  }

  function show() {
    const { width, height } = camera.size;
    const larger = camera.unit() / of.unit;
    const [left, top] = camera.onSheet(of.x - width / 2 / of.unit, of.y - height / 2 / of.unit);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = colours.paper;
    pen.fillRect(0, 0, width, height);
    if (Math.abs(larger - 1) < 1e-6 && Math.hypot(left, top) < 0.01) {
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.drawImage(picture, 0, 0);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    } else pen.drawImage(picture, left, top, width * larger, height * larger);
    overlay();
  }

  function brightness() {
    if (scene.outline) return Uint8Array.from(points.x, (_, i) => (scene.found.has(i) ? 1 : 0));
    return scene.lit < 0 ? null : Uint8Array.from(points.kindOf, (kind) => (kind === scene.lit ? 1 : 0));
  }

  function overlay() {
    const { chosen, hovered } = scene;
    const at = (i) => camera.onSheet(points.x[i], points.y[i]);
    shade(pen, scene.regions, ({ x, y }) => camera.onSheet(x, y), camera.unit(), camera.size.width, colours);
    for (const [i, similarity] of chosen < 0 ? [] : scene.near) {
      Object.assign(pen, { strokeStyle: colours.accent, lineWidth: 0.5 + 2.5 * Math.max(0, similarity), globalAlpha: 0.25 + 0.6 * Math.max(0, similarity) });
      pen.beginPath();
      pen.moveTo(...at(chosen));
      pen.lineTo(...at(i));
      pen.stroke();
    }
    pen.globalAlpha = 1;
    for (const [i, width] of [[hovered, 2], [chosen, 3]]) {
      if (i < 0) continue;
      Object.assign(pen, { strokeStyle: i === chosen ? colours.accent : colours.ink, lineWidth: width });
      pen.beginPath();
      pen.arc(...at(i), radiusOf(points.n, camera.view.scale) + 3, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (scene.outline) drawOutline(pen, scene.outline, camera.onSheet, colours);
    if (scene.drawing) drawOutline(pen, scene.drawing, (x, y) => [x, y], colours);
    const stops = scene.stops.length ? drawWalk(pen, scene.stops, points, camera, colours) : [];
    if (!scene.regions.length) writeLabels(pen, points, labels, camera, colours, [...taken, ...stops]);
  }

  return Object.assign(paint, {
    begin() {
      colours = coloursOf(sheet, points.kinds);
      fit();
      watcher.observe(sheet);
      dark.addEventListener("change", dye);
    },
    end() {
      cancelAnimationFrame(asked);
      clearTimeout(later);
      watcher.disconnect();
      dark.removeEventListener("change", dye);
    },
  });
}
