// The points of the map as pixels. Every disc is stamped by hand into one picture, which takes a fraction of the time of
// as many arcs on a canvas.

const PARTS = 4; // a disc may lie between pixels, by quarters
const [BRIGHT, DIM] = [0.85, 0.13];

// Which colours the style sheet says, as [red, green, blue].
export function coloursOf(element, kinds) {
  const style = getComputedStyle(element);
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  const read = (name) => { pen.fillStyle = style.getPropertyValue(name).trim(); return pen.fillStyle; };
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return { ink: read("--ink"), soft: read("--soft"), accent: read("--accent"), paper: read("--paper"),
    ground: parts(read("--paper")), kinds: [-1, ...kinds.keys()].map((kind) => parts(read(kind < 0 ? "--k-other" : `--k${kind}`))) };
}

export const radiusOf = (n, scale) => Math.min(9, Math.max(1.6, 3.4 * Math.sqrt(scale) * Math.min(1.6, Math.sqrt(600 / Math.max(n, 1)) + 0.45)));

// A picture of all points; those that are not `bright` (one number each, 0 or 1; null: all are) lie beneath, and are faint.
export function plotter(points) {
  const order = Int32Array.from({ length: points.n }, (_, i) => i).sort((a, b) => points.kindOf[a] - points.kindOf[b]);
  const sheet = new OffscreenCanvas(1, 1);
  const pen = sheet.getContext("2d");
  let image, pixels, discs, drawn = 0;

  return function plot(camera, ratio, colours, bright) {
    const width = Math.max(1, Math.round(camera.size.width * ratio)), height = Math.max(1, Math.round(camera.size.height * ratio));
    if (image?.width !== width || image.height !== height) {
      [sheet.width, sheet.height] = [width, height];
      image = pen.createImageData(width, height);
      pixels = new Uint32Array(image.data.buffer);
    }
    pixels.fill(pixel(colours.ground));
    const radius = radiusOf(points.n, camera.view.scale) * ratio;
    if (drawn !== radius) [discs, drawn] = [discsOf(radius), radius];
    const inks = [DIM, BRIGHT].map((opacity) => colours.kinds.map((colour) => colour.map((value, part) =>
      Math.round(colours.ground[part] + (value - colours.ground[part]) * opacity))));
    const unit = camera.unit() * ratio, left = width / 2 - camera.view.x * unit, top = height / 2 - camera.view.y * unit;
    const edge = discs.side;
    for (let layer = bright ? 0 : 1; layer < 2; layer++) {
      for (let at = 0; at < order.length; at++) {
        const i = order[at];
        if (bright && bright[i] !== layer) continue;
        const x = points.x[i] * unit + left, y = points.y[i] * unit + top;
        if (x < -edge || y < -edge || x > width + edge || y > height + edge) continue;
        stamp(pixels, width, height, discs, x, y, inks[layer][points.kindOf[i] + 1]);
      }
    }
    pen.putImageData(image, 0, 0);
    return sheet;
  };
}

const pixel = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

// How much of each pixel a disc covers, in 256ths, for each place between pixels at which it may lie.
function discsOf(radius) {
  const side = 2 * Math.ceil(radius) + 2, middle = Math.floor(side / 2);
  const masks = [];
  for (let down = 0; down < PARTS; down++) {
    for (let across = 0; across < PARTS; across++) {
      masks.push(Uint16Array.from({ length: side * side }, (_, at) => {
        const away = Math.hypot((at % side) + 0.5 - middle - across / PARTS, Math.floor(at / side) + 0.5 - middle - down / PARTS);
        return Math.round(256 * Math.min(1, Math.max(0, radius + 0.5 - away)));
      }));
    }
  }
  return { side, middle, masks };
}

function stamp(pixels, width, height, { side, middle, masks }, x, y, ink) {
  const left = Math.floor(x), top = Math.floor(y), whole = pixel(ink);
  const [red, green, blue] = ink;
  const mask = masks[Math.floor((y - top) * PARTS) * PARTS + Math.floor((x - left) * PARTS)];
  const x0 = left - middle, y0 = top - middle;
  const first = Math.max(0, -x0), last = Math.min(side, width - x0), rows = Math.min(side, height - y0);
  for (let row = Math.max(0, -y0); row < rows; row++) {
    let from = row * side + first, at = (y0 + row) * width + x0 + first;
    for (let column = first; column < last; column++, from++, at++) {
      const covered = mask[from];
      if (covered === 256) pixels[at] = whole;
      else if (covered) {
        const below = pixels[at], r = below & 255, g = (below >> 8) & 255, b = (below >> 16) & 255;
        pixels[at] = ((255 << 24) | ((b + (((blue - b) * covered) >> 8)) << 16) | ((g + (((green - g) * covered) >> 8)) << 8) | (r + (((red - r) * covered) >> 8))) >>> 0;
      }
    }
  }
}
