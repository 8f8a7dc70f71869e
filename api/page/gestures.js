// What pointer, fingers and wheel do on the map: pan, zoom, pinch, hover, press; or draw an outline.

const STILL = 5; // pixels that a press may tremble

// `draws(event)` says whether this pointer draws instead of panning; the other calls get pixels on the sheet.
export function gestures(canvas, { draws, hover, press, pan, zoom, drawing, drawn }) {
  const fingers = new Map();
  let moved = 0;
  let line = null;

  function drop() {
    if (!line) return;
    line = null;
    drawing(null);
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    moved = 0;
    if (fingers.size > 1) drop();
    else if (draws(event)) line = [[event.offsetX, event.offsetY]];
  });
  canvas.addEventListener("pointermove", (event) => {
    const to = [event.offsetX, event.offsetY];
    const from = fingers.get(event.pointerId);
    if (!from) return hover(...to);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const way = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (other) {
      const before = Math.hypot(from[0] - other[0], from[1] - other[1]), after = Math.hypot(to[0] - other[0], to[1] - other[1]);
      pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
      zoom(after / Math.max(before, 1), (to[0] + other[0]) / 2, (to[1] + other[1]) / 2);
    } else if (line) {
      if (way < 1) return undefined;
      line.push(to);
      drawing(line);
    } else if (way) pan(to[0] - from[0], to[1] - from[1]);
    moved += way;
    fingers.set(event.pointerId, to);
    return undefined;
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    const done = event.type === "pointerup" && line;
    if (done && moved >= STILL && line.length > 2) drawn(line);
    else if (event.type === "pointerup" && moved < STILL) press(event.offsetX, event.offsetY);
    drop();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => hover(-1e6, -1e6));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
  }, { passive: false });
}
