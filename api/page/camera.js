// Which part of the map is seen, and where its points lie on the sheet. A place on the map is about -1 to 1, on the sheet
// it is in pixels.

const [NEAREST, FARTHEST] = [60, 0.3];
const FLIGHT_MS = 450;
const [CLOSEST_FIT, ROOM] = [8, 0.72];

export function camera(points, margin = { x: 60, y: 150 }) {
  const size = { width: 0, height: 0 };
  const view = { x: points.across.middle, y: points.down.middle, scale: 1 };
  const limited = (scale) => Math.min(NEAREST, Math.max(FARTHEST, scale));
  let flight = 0;
  const own = {
    size,
    view,
    unit: () => Math.min(Math.max(size.width - margin.x, 40) / points.across.length, Math.max(size.height - margin.y, 40) / points.down.length) * view.scale,
    onSheet: (x, y) => [size.width / 2 + (x - view.x) * own.unit(), size.height / 2 + (y - view.y) * own.unit()],
    onMap: (px, py) => [view.x + (px - size.width / 2) / own.unit(), view.y + (py - size.height / 2) / own.unit()],
    pan(dx, dy) {
      own.land();
      view.x -= dx / own.unit();
      view.y -= dy / own.unit();
    },
    // What lies under (px, py) stays there.
    zoom(factor, px = size.width / 2, py = size.height / 2) {
      own.land();
      const [x, y] = own.onMap(px, py);
      view.scale = limited(view.scale * factor);
      const [nx, ny] = own.onMap(px, py);
      view.x += x - nx;
      view.y += y - ny;
    },
    land: () => cancelAnimationFrame(flight),
    // To a view, `step` being called for every frame; at once where nothing shall move.
    fly(to, step) {
      own.land();
      const from = { ...view };
      const scale = limited(to.scale ?? view.scale);
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
        Object.assign(view, { x: to.x, y: to.y, scale });
        return step(1);
      }
      const began = performance.now();
      const frame = (time) => {
        const share = Math.min(1, Math.max(0, (time - began) / FLIGHT_MS));
        const eased = share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
        Object.assign(view, { x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased, scale: from.scale * (scale / from.scale) ** eased });
        if (share < 1) flight = requestAnimationFrame(frame);
        step(share);
      };
      flight = requestAnimationFrame(frame);
      return undefined;
    },
    // So that these points are seen in the part of the sheet that is free.
    fit(rows, free) {
      const ends = (column) => [Math.min(...rows.map((i) => column[i])), Math.max(...rows.map((i) => column[i]))];
      const [[left, right], [top, bottom]] = [ends(points.x), ends(points.y)];
      const most = ROOM * Math.min(free.right / Math.max(right - left, 1e-3), (free.bottom - free.top) / Math.max(bottom - top, 1e-3));
      Object.assign(view, { x: (left + right) / 2, y: (top + bottom) / 2, scale: limited(Math.min(CLOSEST_FIT, (view.scale * most) / own.unit())) });
      own.pan((free.right - size.width) / 2, (free.top + free.bottom - size.height) / 2);
    },
    // "x_y_scale", as the address keeps it; nothing where all is seen.
    text: () => (view.scale === 1 && view.x === points.across.middle && view.y === points.down.middle ? ""
      : [view.x, view.y, view.scale].map((value) => Number(value.toFixed(3))).join("_")),
    read(text) {
      const [x, y, scale] = text.split("_").map(Number);
      if ([x, y, scale].every(Number.isFinite) && scale > 0) Object.assign(view, { x, y, scale: limited(scale) });
    },
  };
  return own;
}
