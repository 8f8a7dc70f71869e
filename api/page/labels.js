// Names of the map's regions: what is unusual about a place, not what is common everywhere; more of them from nearer.

const [LEVELS, CELLS] = [7, 5]; // cells along a side of the whole map; twice as many with each level
const [FEWEST, LEAST_SHARE, UNUSUAL] = [3, 0.2, 1.25];
const MOST = 26;
const TITLES = 45; // titles are shown where no more tracks than so many are in view

// Of each level the names { tag, x, y, count }, the most telling first: by how much likelier a tag is there than anywhere,
// times how many bear it (a G-test's share; Dunning 1993).
export function labelsOf(points) {
  const known = [];
  return (scale) => {
    const level = Math.min(LEVELS - 1, Math.max(0, Math.floor(Math.log2(scale) + 0.5)));
    return (known[level] ??= named(points, Math.max(points.across.length, points.down.length) / (CELLS * 2 ** level)));
  };
}

function named(points, side) {
  const tags = [...points.share.keys()];
  const number = new Map(tags.map((tag, at) => [tag, at]));
  const columns = Math.ceil(points.across.length / side) + 1;
  const cells = new Map(), bearers = new Map(); // how many lie in a cell; and of each tag how many, and where
  for (let i = 0; i < points.n; i++) {
    const cell = Math.floor((points.y[i] - points.down.least) / side) * columns + Math.floor((points.x[i] - points.across.least) / side);
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
    const tag = number.get(points.tags[i]);
    if (tag === undefined) continue;
    const key = cell * tags.length + tag, own = bearers.get(key);
    if (own) { own.count += 1; own.x += points.x[i]; own.y += points.y[i]; } else bearers.set(key, { cell, tag, count: 1, x: points.x[i], y: points.y[i] });
  }
  const names = [...bearers.values()].flatMap(({ cell, tag: at, count, x, y }) => {
    const tag = tags[at], share = count / cells.get(cell), unusual = share / points.share.get(tag);
    if (count < FEWEST || share < LEAST_SHARE || unusual < UNUSUAL) return [];
    return [{ tag, count, score: count * Math.log(unusual), x: x / count, y: y / count }];
  }).sort((a, b) => b.score - a.score);
  const kept = [];
  for (const name of names) {
    const said = kept.some((other) => other.tag === name.tag && Math.hypot(other.x - name.x, other.y - name.y) < 1.3 * side);
    if (!said) kept.push(name);
  }
  return kept;
}

// Writes names and, from near, titles; none over another, nor over what is `taken` ([left, top, right, bottom] each).
export function writeLabels(pen, points, labels, camera, { ink, soft, paper }, taken) {
  const boxes = [...taken];
  const { width, height } = camera.size;
  const write = (text, x, lines, font, size, colour) => {
    pen.font = font;
    const half = pen.measureText(text).width / 2 + 5;
    const middle = Math.min(width - half, Math.max(half, x));
    if (half * 2 > width || Math.abs(middle - x) > half) return false;
    const y = lines.find((line) => line > size && line < height - size && !boxes.some(([left, top, right, bottom]) =>
      middle - half < right && middle + half > left && line - size < bottom && line + size > top));
    if (y === undefined) return false;
    boxes.push([middle - half, y - size, middle + half, y + size]);
    pen.strokeText(text, middle, y);
    pen.fillStyle = colour;
    pen.fillText(text, middle, y);
    return true;
  };
  const few = titled(points, camera).map((i) => [i, ...camera.onSheet(points.x[i], points.y[i])]);
  for (const [, x, y] of few) boxes.push([x - 5, y - 5, x + 5, y + 5]);
  Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round", strokeStyle: paper, lineWidth: 4 });
  const most = Math.min(MOST, Math.ceil((width * height) / 26_000));
  let written = 0;
  for (const { tag, x, y, count } of labels(camera.view.scale)) {
    if (written >= most) break;
    const size = Math.min(17, 12 + Math.log2(count) / 2);
    const [middle, line] = camera.onSheet(x, y);
    if (write(tag, middle, few.length ? [line, line - 22, line + 22] : [line], `600 ${size}px ui-sans-serif, system-ui, sans-serif`, size, ink)) written += 1;
  }
  pen.lineWidth = 3;
  for (const [i, x, y] of few) {
    const title = points.name(i);
    write(title.length > 28 ? `${title.slice(0, 27)}…` : title, x, [y + 17, y - 17], "12px ui-sans-serif, system-ui, sans-serif", 8, soft);
  }
  Object.assign(pen, { textAlign: "start", textBaseline: "alphabetic" });
}

function titled(points, { onMap, size }) {
  const [[left, top], [right, bottom]] = [onMap(0, 0), onMap(size.width, size.height)];
  const seen = [];
  for (let i = 0; i < points.n && seen.length <= TITLES; i++) {
    if (points.x[i] > left && points.x[i] < right && points.y[i] > top && points.y[i] < bottom) seen.push(i);
  }
  return seen.length <= TITLES ? seen : [];
}
