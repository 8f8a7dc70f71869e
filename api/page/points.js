// The tracks of the map as points: what is near, what is within an outline, which tags are most.

const KINDS = 8; // tags with a colour of their own
const PER_CELL = 4;

function span(values) {
  let least = Infinity, most = -Infinity;
  for (const value of values) { least = Math.min(least, value); most = Math.max(most, value); }
  return most >= least ? { least, middle: (least + most) / 2, length: Math.max(most - least, 0.2) } : { least: -1, middle: 0, length: 2 };
}

// Of the answer of /map.
export function pointsOf(data) {
  const n = data.track_ids.length;
  const x = Float64Array.from(data.x), y = Float64Array.from(data.y);
  const tags = [...data.tags.reduce((counts, tag) => counts.set(tag, (counts.get(tag) ?? 0) + 1), new Map())].filter(([tag]) => tag);
  const kinds = tags.sort((a, b) => b[1] - a[1]).slice(0, KINDS).map(([tag]) => tag);
  const kind = new Map(kinds.map((tag, number) => [tag, number]));
  const at = new Map(data.track_ids.map((id, i) => [id, i]));
  const [across, down] = [span(x), span(y)];
  const grid = gridOf(x, y, across, down);
  return {
    ...data, n, x, y, across, down, kinds, share: new Map(tags.map(([tag, count]) => [tag, count / n])),
    kindOf: Int8Array.from(data.tags, (tag) => kind.get(tag) ?? -1),
    at: (id) => at.get(id) ?? -1,
    name: (i) => data.titles[i] || data.track_ids[i],

    // The nearest point within a distance, or -1.
    nearest(px, py, reach) {
      let best = -1, least = reach * reach;
      grid.around(px, py, reach, (i) => {
        const distance = (x[i] - px) ** 2 + (y[i] - py) ** 2;
        if (distance < least) { least = distance; best = i; }
      });
      return best;
    },

    // The nearest point in the direction of an arrow, sideways steps counting double, or -1.
    neighbour(from, dx, dy) {
      let best = -1, least = Infinity;
      for (let i = 0; i < n; i++) {
        const along = (x[i] - x[from]) * dx + (y[i] - y[from]) * dy;
        const aside = Math.abs((x[i] - x[from]) * dy - (y[i] - y[from]) * dx);
        if (along > 1e-6 && along + 2 * aside < least) { least = along + 2 * aside; best = i; }
      }
      return best;
    },

    // Points within an outline [[x, y], …], the even-odd rule.
    inside(outline) {
      const [box, tall] = [span(outline.map(([ox]) => ox)), span(outline.map(([, oy]) => oy))];
      const found = [];
      for (let i = 0; i < n; i++) {
        if (Math.abs(x[i] - box.middle) <= box.length / 2 && Math.abs(y[i] - tall.middle) <= tall.length / 2 && isInside(outline, x[i], y[i])) found.push(i);
      }
      return found;
    },

    // A track as the player and the lists know it, as far as the map does.
    track: (i) => ({ track_id: data.track_ids[i], source: data.track_ids[i].includes(":") ? data.track_ids[i].split(":")[0] : "spotify",
      title: data.titles[i], artists: [data.artists[i]].filter(Boolean), album: "", url: null, artwork_url: null }),
  };
}

function isInside(outline, x, y) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [ax, ay] = outline[i], [bx, by] = outline[j];
    if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

// Points by cells of the plane.
function gridOf(x, y, across, down) {
  const n = x.length;
  const side = Math.max(1, Math.ceil(Math.sqrt(n / PER_CELL)));
  const column = (px) => Math.min(side - 1, Math.max(0, Math.floor(((px - across.least) / across.length) * side)));
  const line = (py) => Math.min(side - 1, Math.max(0, Math.floor(((py - down.least) / down.length) * side)));
  const starts = new Int32Array(side * side + 1);
  const cells = Int32Array.from(x, (px, i) => line(y[i]) * side + column(px));
  for (const cell of cells) starts[cell + 1]++;
  for (let cell = 0; cell < side * side; cell++) starts[cell + 1] += starts[cell];
  const rows = new Int32Array(n), filled = starts.slice();
  for (let i = 0; i < n; i++) rows[filled[cells[i]]++] = i;
  return {
    around(px, py, reach, call) {
      for (let r = line(py - reach); r <= line(py + reach); r++) {
        const first = starts[r * side + column(px - reach)], last = starts[r * side + column(px + reach) + 1];
        for (let at = first; at < last; at++) call(rows[at]);
      }
    },
  };
}
