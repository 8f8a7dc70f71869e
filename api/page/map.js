// The catalogue on one sheet: what sounds alike lies close together. Pan, zoom, hover, click; or the keyboard.

import { api, currentStage } from "./api.js";
import { h, iconButton, problem, say, saying } from "./dom.js";
import { isKnown, liked, regionsOf, shade, told } from "./taste.js";
import { row } from "./tracks.js";

const KINDS = 8;
const NEAR = 14; // pixels within which a point is hit

function span(values) {
  let least = Infinity, most = -Infinity;
  for (const value of values) { least = Math.min(least, value); most = Math.max(most, value); }
  return most >= least ? { middle: (least + most) / 2, length: Math.max(most - least, 0.2) } : { middle: 0, length: 2 };
}

export async function map(main, values) {
  const canvas = h("canvas", { tabindex: "0", role: "application", "aria-roledescription": "map",
    "aria-label": "Map of the catalogue. Arrow keys go from track to track, plus and minus zoom, Enter opens." });
  const label = h("div", { class: "pin", hidden: true });
  const spoken = h("p", { class: "unseen", "aria-live": "polite" });
  const card = h("aside", { class: "card", "aria-label": "Chosen track", hidden: true });
  const legend = h("ul", { class: "key-list", "aria-label": "Strongest tags" });
  const sheet = h("div", { class: "sheet" }, canvas, label, legend,
    h("div", { class: "zoom" }, iconButton("plus", "Zoom in", () => zoom(1.5)), iconButton("minus", "Zoom out", () => zoom(1 / 1.5))), card, spoken);
  main.replaceChildren(h("h1", { class: "unseen" }, "Map"), sheet);

  let data;
  try {
    data = await api.map();
  } catch (error) {
    main.replaceChildren(h("div", { class: "body" }, problem(error)));
    return;
  }
  const n = data.track_ids.length;
  const stage = await currentStage().catch(() => "");
  const kinds = [...data.tags.reduce((counts, tag) => counts.set(tag, (counts.get(tag) ?? 0) + 1), new Map())]
    .filter(([tag]) => tag).sort((a, b) => b[1] - a[1]).slice(0, KINDS).map(([tag]) => tag);
  const kindOf = data.tags.map((tag) => kinds.indexOf(tag));
  const view = { x: 0, y: 0, scale: 1 };
  let size = { width: 0, height: 0 };
  let hovered = -1;
  let chosen = -1;
  let lit = -1;
  let near = [];
  let regions = [];
  let colours;

  legend.append(...kinds.map((tag, kind) => h("li", {}, h("button", { type: "button", class: `kind k${kind}`, "aria-pressed": "false",
    onclick: (event) => {
      lit = lit === kind ? -1 : kind;
      for (const button of legend.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === event.currentTarget && lit >= 0));
      draw();
    } }, tag))));
  const yours = h("ul", { class: "unseen", "aria-label": "What Earshot thinks you like" });
  const taste = h("button", { type: "button", class: "kind taste", "aria-pressed": "false", onclick: saying(() => showTaste(regions.length === 0)) }, "What you like");
  sheet.append(yours);
  const asked = values.get("you");
  if (stage === "local" || isKnown() || asked !== null) legend.prepend(h("li", {}, taste));
  if (data.total > n) legend.append(h("li", { class: "hint" }, `${n.toLocaleString()} of ${data.total.toLocaleString()} tracks`));

  async function showTaste(on) {
    regions = on ? regionsOf(await liked(), data) : [];
    taste.setAttribute("aria-pressed", String(on));
    yours.replaceChildren(...regions.map((region) => h("li", {}, told(region))));
    if (on) spoken.textContent = regions.length ? `You like ${regions.map(told).join("; ")}` : "Nothing is known of you yet. Play something, or love it.";
    if (on && !regions.length) say(spoken.textContent);
    draw();
  }

  function fit() {
    const box = sheet.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    size = { width: box.width, height: box.height };
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(sheet);
    colours = { paper: style.getPropertyValue("--paper"), other: style.getPropertyValue("--k-other"), ink: style.getPropertyValue("--ink"), accent: style.getPropertyValue("--accent"),
      kinds: kinds.map((_, kind) => style.getPropertyValue(`--k${kind}`)) };
    draw();
  }

  const [across, down] = [span(data.x), span(data.y)];
  [view.x, view.y] = [across.middle, down.middle];
  const unit = () => Math.min((size.width - 60) / across.length, (size.height - 150) / down.length) * view.scale;
  const px = (i) => size.width / 2 + (data.x[i] - view.x) * unit();
  const py = (i) => size.height / 2 + (data.y[i] - view.y) * unit();

  function draw() {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, size.width, size.height);
    const radius = Math.min(9, Math.max(1.6, (3.4 * Math.sqrt(view.scale)) * Math.min(1.6, Math.sqrt(600 / Math.max(n, 1)) + 0.45)));
    for (let kind = -1; kind < kinds.length; kind++) {
      pen.fillStyle = kind < 0 ? colours.other : colours.kinds[kind];
      pen.globalAlpha = lit < 0 || lit === kind ? 0.85 : 0.12;
      pen.beginPath();
      for (let i = 0; i < n; i++) {
        if (kindOf[i] !== kind) continue;
        const x = px(i), y = py(i);
        if (x < -9 || y < -9 || x > size.width + 9 || y > size.height + 9) continue;
        pen.moveTo(x + radius, y);
        pen.arc(x, y, radius, 0, 2 * Math.PI);
      }
      pen.fill();
    }
    pen.globalAlpha = 1;
    shade(pen, regions, ({ x, y }) => [size.width / 2 + (x - view.x) * unit(), size.height / 2 + (y - view.y) * unit()], unit(), size.width, colours);
    if (chosen >= 0) {
      pen.strokeStyle = colours.accent;
      for (const [i, similarity] of near) {
        pen.lineWidth = 0.5 + 2.5 * Math.max(0, similarity);
        pen.globalAlpha = 0.25 + 0.6 * Math.max(0, similarity);
        pen.beginPath();
        pen.moveTo(px(chosen), py(chosen));
        pen.lineTo(px(i), py(i));
        pen.stroke();
      }
      pen.globalAlpha = 1;
    }
    for (const [i, width] of [[hovered, 2], [chosen, 3]]) {
      if (i < 0) continue;
      pen.strokeStyle = i === chosen ? colours.accent : colours.ink;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(px(i), py(i), radius + 3, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  function at(x, y) {
    let best = -1;
    let least = NEAR * NEAR;
    for (let i = 0; i < n; i++) {
      const distance = (px(i) - x) ** 2 + (py(i) - y) ** 2;
      if (distance < least) { least = distance; best = i; }
    }
    return best;
  }

  function hover(i) {
    if (i === hovered) return;
    hovered = i;
    label.hidden = i < 0;
    canvas.style.setProperty("cursor", i < 0 ? "grab" : "pointer");
    if (i >= 0) {
      label.replaceChildren(h("strong", {}, data.titles[i] || data.track_ids[i]), h("span", {}, data.artists[i]));
      const x = Math.min(Math.max(px(i), 110), size.width - 110);
      label.style.setProperty("left", `${x}px`);
      label.style.setProperty("top", `${py(i)}px`);
    }
    draw();
  }

  async function choose(i) {
    chosen = i;
    near = [];
    card.hidden = i < 0;
    draw();
    if (i < 0) return;
    const id = data.track_ids[i];
    spoken.textContent = `${data.titles[i]}, ${data.artists[i]}`;
    card.replaceChildren(h("p", { class: "hint" }, "…"));
    try {
      const answer = await api.similar(id, { k: 6 });
      if (chosen !== i) return;
      near = answer.results.map((found) => [data.track_ids.indexOf(found.track_id), found.similarity]).filter(([j]) => j >= 0);
      card.replaceChildren(
        h("ul", { class: "tracks" }, row({ ...answer.query[0], similarity: null }, { stage })),
        h("h2", {}, "Within earshot"),
        h("ol", { class: "tracks tight" }, answer.results.map((found) => row({ ...found, tags: [], shared_tags: [], versions: [] }, { stage }))),
        h("p", {}, h("a", { class: "button", href: `#/?like=${encodeURIComponent(id)}` }, "Explore from here")),
        iconButton("close", "Close", () => { choose(-1); canvas.focus(); }, { class: "round corner" }));
      uncover(i);
      draw();
    } catch (error) {
      card.replaceChildren(problem(error));
    }
  }

  // The card must not lie over the track that it tells of.
  function uncover(i) {
    if (card.hidden) return;
    const wide = card.offsetWidth < size.width;
    if (wide && px(i) > card.offsetLeft - 30) view.x = data.x[i] - (card.offsetLeft / 2 - size.width / 2) / unit();
    if (!wide && py(i) > card.offsetTop - 30) view.y = data.y[i] - (card.offsetTop / 2 - size.height / 2) / unit();
  }

  function zoom(factor, x = size.width / 2, y = size.height / 2) {
    const to = Math.min(60, Math.max(0.6, view.scale * factor));
    const mx = view.x + (x - size.width / 2) / unit(), my = view.y + (y - size.height / 2) / unit();
    view.scale = to;
    view.x = mx - (x - size.width / 2) / unit();
    view.y = my - (y - size.height / 2) / unit();
    hover(-1);
    draw();
  }

  // The nearest point in the direction of the arrow, sideways steps counting double.
  function neighbour(from, dx, dy) {
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < n; i++) {
      const along = (data.x[i] - data.x[from]) * dx + (data.y[i] - data.y[from]) * dy;
      const aside = Math.abs((data.x[i] - data.x[from]) * dy - (data.y[i] - data.y[from]) * dx);
      if (along > 1e-6 && along + 2 * aside < least) { least = along + 2 * aside; best = i; }
    }
    return best;
  }

  function centreOn(i) {
    if (px(i) < 40 || py(i) < 40 || px(i) > size.width - 40 || py(i) > size.height - 40) { view.x = data.x[i]; view.y = data.y[i]; }
    uncover(i);
  }

  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const to = [event.offsetX, event.offsetY];
    const from = fingers.get(event.pointerId);
    if (!from) return hover(at(...to));
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const before = Math.hypot(from[0] - other[0], from[1] - other[1]), after = Math.hypot(to[0] - other[0], to[1] - other[1]);
      zoom(after / Math.max(before, 1), (to[0] + other[0]) / 2, (to[1] + other[1]) / 2);
    } else {
      view.x -= (to[0] - from[0]) / unit();
      view.y -= (to[1] - from[1]) / unit();
      hover(-1);
      draw();
    }
    moved += Math.hypot(to[0] - from[0], to[1] - from[1]);
    fingers.set(event.pointerId, to);
    return undefined;
  });
  const lift = (event) => {
    if (fingers.delete(event.pointerId) && moved < 5 && event.type === "pointerup") choose(at(event.offsetX, event.offsetY));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
  }, { passive: false });
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (ARROWS[event.key] && n) {
      const to = hovered < 0 ? Math.max(chosen, 0) : neighbour(hovered, ...ARROWS[event.key]);
      if (to >= 0) { centreOn(to); hover(-1); hover(to); spoken.textContent = `${data.titles[to]}, ${data.artists[to]}`; }
    } else if (event.key === "Enter" && hovered >= 0) choose(hovered);
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "Escape") choose(-1);
    else return;
    event.preventDefault();
  });

  const watcher = new ResizeObserver(fit);
  watcher.observe(sheet);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", fit);
  fit();
  const wanted = data.track_ids.indexOf(values.get("track"));
  if (wanted >= 0) choose(wanted);
  if (asked !== null) saying(() => showTaste(true))();
  return () => { watcher.disconnect(); dark.removeEventListener("change", fit); };
}
