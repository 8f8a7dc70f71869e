// A part of the map, by its outline [[x, y], …]: drawn by hand, or a rectangle. The address keeps it.

const MOST = 40; // corners
const GRAIN = 1000; // steps of the address in one unit of the map
const PAPER_EDGE = 1e6;

export const rectangle = ([ax, ay], [bx, by]) => [[ax, ay], [bx, ay], [bx, by], [ax, by]];

export const middleOf = (outline) => [0, 1].map((axis) => outline.reduce((sum, corner) => sum + corner[axis], 0) / outline.length);

export const textOf = (outline) => outline.flat().map((value) => Math.round(value * GRAIN)).join("_");

// Nothing, where the text is no outline.
export function outlineIn(text) {
  const numbers = text.split("_").map((value) => Number(value) / GRAIN);
  if (numbers.length < 6 || numbers.length % 2 || numbers.length > 4 * MOST || !numbers.every((value) => Math.abs(value) < PAPER_EDGE)) return null;
  return Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at], numbers[2 * at + 1]]);
}

// The same outline with few corners (Douglas and Peucker 1973), as coarse as it must be.
export function simplified(outline, tolerance) {
  const corners = thinned([...outline, outline[0]], tolerance).slice(0, -1);
  return corners.length <= MOST ? corners : simplified(outline, 1.6 * tolerance);
}

function thinned(line, tolerance) {
  const [[ax, ay], [bx, by]] = [line[0], line.at(-1)];
  const length = Math.hypot(bx - ax, by - ay);
  let farthest = 0, most = 0;
  for (let at = 1; at < line.length - 1; at++) {
    const [x, y] = line[at];
    const away = length ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length : Math.hypot(x - ax, y - ay);
    if (away > most) [farthest, most] = [at, away];
  }
  if (most <= tolerance) return [line[0], line.at(-1)];
  return [...thinned(line.slice(0, farthest + 1), tolerance).slice(0, -1), ...thinned(line.slice(farthest), tolerance)];
}

// Draws it; `place` says where a point of the map lies on the sheet.
export function drawOutline(pen, outline, place, { accent }) {
  pen.beginPath();
  for (const [x, y] of outline) pen.lineTo(...place(x, y));
  pen.closePath();
  pen.fillStyle = pen.strokeStyle = accent;
  pen.globalAlpha = 0.08;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 1.8;
  pen.setLineDash([6, 4]);
  pen.stroke();
  pen.setLineDash([]);
}
