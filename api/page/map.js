// The catalogue on one sheet: what sounds alike lies close together. Pan, zoom, hover, press, select; or the keyboard.
// What is seen, lit, chosen, selected and walked is kept in the address.

import { api, currentStage } from "./api.js";
import { camera as cameraOn } from "./camera.js";
import { chosenCard, walkCard } from "./cards.js";
import { debounce, h, iconButton, problem, say, saying } from "./dom.js";
import { gestures } from "./gestures.js";
import { middleOf, outlineIn, rectangle, simplified, textOf } from "./lasso.js";
import { mapped } from "./mapped.js";
import { picker } from "./picker.js";
import { painter, sceneOf } from "./paint.js";
import { saidOf, selected } from "./selected.js";
import { styled } from "./styled.js";
import { isKnown, liked, regionsOf, told } from "./taste.js";
import { walked, walkIn } from "./walk.js";

const NEAR = 14; // pixels within which a point is hit
const CLOSE_UP = 6; // times as large as all: how near one flies to a track that was looked for
const STEP = 32; // pixels that a key adds to a rectangle
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CARRIED = 300; // ms of rest after which the address learns what is seen

export async function map(main, values) {
  const canvas = h("canvas", { tabindex: "0", role: "application", "aria-roledescription": "map", "aria-label":
    "Map of the catalogue. Arrow keys go from track to track, plus and minus zoom, Enter opens, Shift with arrows selects, question mark lists all keys." });
  const label = h("div", { class: "pin", hidden: true });
  const spoken = h("p", { class: "unseen", "aria-live": "polite" });
  const card = h("aside", { class: "card", "aria-label": "Chosen track", hidden: true });
  const legend = h("ul", { class: "key-list", "aria-label": "Strongest tags" });
  const finder = h("div", { class: "finder" }, picker({ label: "Find on the map", placeholder: "Find on the map", onPick: (track) => saying(find)(track) }));
  const lasso = iconButton("lasso", "Select an area", () => lassoing(lasso.getAttribute("aria-pressed") !== "true"), { "aria-pressed": "false" });
  const tools = h("div", { class: "zoom" }, iconButton("plus", "Zoom in", () => zoom(1.5)), iconButton("minus", "Zoom out", () => zoom(1 / 1.5)), lasso,
    iconButton("frame", "Select what is in view", () => selectView()));
  const waiting = h("p", { class: "waiting hint" }, "Drawing the map …");
  const sheet = h("div", { class: "sheet", "aria-busy": "true" }, canvas, label, finder, legend, tools, card, waiting, spoken);
  await styled("map");
  main.replaceChildren(h("h1", { class: "unseen" }, "Map"), sheet);

  let points;
  try {
    points = await mapped();
  } catch (error) {
    main.replaceChildren(h("div", { class: "body" }, problem(error)));
    return undefined;
  }
  const stage = await currentStage().catch(() => "");
  waiting.remove();
  sheet.removeAttribute("aria-busy");
  const { n, kinds } = points;
  const camera = cameraOn(points);
  const scene = sceneOf(points, camera, { lit: kinds.indexOf(values.get("tag")) });
  const paint = painter(canvas, sheet, scene, { parts: [legend, finder, tools, card], measured: () => { if (fitted) camera.fit(fitted, free()); pin(); } });
  let walk = walkIn(values);
  let journey = [];
  let corners = null; // of the rectangle that keys select
  let fitted = null; // points that are to be seen until somebody moves the map
  let gone = false;

  // The address: a new entry for what was chosen or selected, so that Back undoes it; the same one for how it is seen.
  function keep(entry = false) {
    if (gone) return;
    const wanted = new URLSearchParams(Object.entries({ track: points.track_ids[scene.chosen], tag: kinds[scene.lit], area: scene.outline && textOf(scene.outline),
      you: scene.regions.length ? "1" : "", ...walk, at: camera.text() }).filter(([, value]) => value));
    const address = wanted.size ? `#/map?${wanted}` : "#/map";
    if (address !== location.hash) history[entry ? "pushState" : "replaceState"](entry ? null : history.state, "", address);
  }
  const keepSoon = debounce(() => keep(), CARRIED);
  const seen = () => { fitted = null; hover(-1); paint(true); keepSoon(); };

  legend.append(...kinds.map((tag, kind) => h("li", {}, h("button", { type: "button", class: `kind k${kind}`, "aria-pressed": String(kind === scene.lit),
    onclick: (event) => {
      scene.lit = scene.lit === kind ? -1 : kind;
      for (const button of legend.querySelectorAll(".kind:not(.taste)")) button.setAttribute("aria-pressed", String(button === event.currentTarget && scene.lit >= 0));
      paint(true);
      keep(true);
    } }, tag))));
  const yours = h("ul", { class: "unseen", "aria-label": "What Earshot thinks you like" });
  const taste = h("button", { type: "button", class: "kind taste", "aria-pressed": "false", onclick: saying(() => showTaste(scene.regions.length === 0)) }, "What you like");
  sheet.append(yours);
  const asked = values.get("you");
  if (stage === "local" || isKnown() || asked !== null) legend.prepend(h("li", {}, taste));
  if (points.total > n) legend.append(h("li", { class: "hint" }, `${n.toLocaleString()} of ${points.total.toLocaleString()} tracks`));

  async function showTaste(on) {
    scene.regions = on ? regionsOf(await liked(), points) : [];
    taste.setAttribute("aria-pressed", String(on));
    yours.replaceChildren(...scene.regions.map((region) => h("li", {}, told(region))));
    if (on) spoken.textContent = scene.regions.length ? `You like ${scene.regions.map(told).join("; ")}` : "Nothing is known of you yet. Play something, or love it.";
    if (on && !scene.regions.length) say(spoken.textContent);
    paint();
    keep();
  }

  const at = (px, py) => points.nearest(...camera.onMap(px, py), NEAR / camera.unit());

  function hover(i) {
    if (i === scene.hovered) return;
    scene.hovered = i;
    label.hidden = i < 0;
    canvas.style.setProperty("cursor", drawsAlways() ? "crosshair" : i < 0 ? "grab" : "pointer");
    if (i >= 0) {
      label.replaceChildren(h("strong", {}, points.name(i)), h("span", {}, points.artists[i]));
      pin();
    }
    paint();
  }

  function pin() {
    if (scene.hovered < 0) return;
    const [x, y] = camera.onSheet(points.x[scene.hovered], points.y[scene.hovered]);
    label.classList.toggle("below", y < 90);
    label.style.setProperty("left", `${Math.min(Math.max(x, 110), camera.size.width - 110)}px`);
    label.style.setProperty("top", `${y}px`);
  }

  function show(name, ...children) {
    card.setAttribute("aria-label", name);
    card.replaceChildren(...children.flat().filter(Boolean));
    card.hidden = !children.length;
  }

  // What the card tells of: the chosen track, else the selection, else the walk.
  function tell() {
    if (scene.chosen >= 0) return;
    if (scene.outline) {
      show("Selected tracks", selected(points, [...scene.found], scene.outline[0], stage, { open: (i) => choose(i), close: () => { select(null); canvas.focus(); } }));
    } else if (journey.length) {
      show("Walk", walkCard(walk, journey, stage, { open: (track) => choose(points.at(track.track_id)), close: () => { setOut(null); canvas.focus(); } }));
    } else show("Chosen track");
    paint();
  }

  async function choose(i, entry = true) {
    Object.assign(scene, { chosen: i, near: [] });
    paint();
    if (entry) keep(true);
    if (i < 0) return tell();
    spoken.textContent = `${points.name(i)}, ${points.artists[i]}`;
    show("Chosen track", h("p", { class: "hint", "aria-busy": "true" }, "…"));
    try {
      const answer = await api.similar(points.track_ids[i], { k: 6 });
      if (scene.chosen !== i || gone) return undefined;
      scene.near = answer.results.map((found) => [points.at(found.track_id), found.similarity]).filter(([j]) => j >= 0);
      show("Chosen track", chosenCard(answer, stage, () => { choose(-1); canvas.focus(); }));
      uncover(points.x[i], points.y[i]);
      paint(true);
    } catch (error) {
      show("Chosen track", problem(error), iconButton("close", "Close", () => choose(-1), { class: "round corner" }));
    }
    return undefined;
  }

  // A track that the map, a sample, does not show is as good as the nearest that it shows.
  async function find(track) {
    let i = points.at(track.track_id);
    if (i < 0) {
      const answer = await api.similar(track.track_id, { k: 50 });
      i = answer.results.map((found) => points.at(found.track_id)).find((j) => j >= 0) ?? -1;
      say(i < 0 ? "It is not among the tracks that are drawn." : "It is not among the tracks that are drawn; this one sounds most like it.");
      if (i < 0) return;
    }
    camera.fly({ x: points.x[i], y: points.y[i], scale: Math.max(camera.view.scale, CLOSE_UP) }, (share) => {
      paint(true);
      if (share === 1) choose(i);
    });
    canvas.focus();
  }

  // An outline, or none; what lies within it stands out.
  function select(outline, entry = true) {
    Object.assign(scene, { outline, found: new Set(outline ? points.inside(outline) : []), chosen: -1, near: [] });
    if (!outline) corners = null;
    else spoken.textContent = saidOf(points, [...scene.found]);
    tell();
    if (outline) uncover(...middleOf(outline));
    paint(true);
    keep(entry);
  }

  function selectView() {
    const { width, height } = camera.size;
    corners = null;
    select(rectangle(camera.onMap(0, 0), camera.onMap(width, height)));
  }

  // A rectangle that keys make larger and smaller, from the track that is pointed at.
  function stretch([dx, dy]) {
    const i = scene.hovered < 0 ? scene.chosen : scene.hovered;
    const began = !corners;
    if (began) {
      const middle = i < 0 ? [camera.view.x, camera.view.y] : [points.x[i], points.y[i]];
      const half = STEP / 2 / camera.unit();
      corners = [[middle[0] - half, middle[1] - half], [middle[0] + half, middle[1] + half]];
    }
    corners[1] = [corners[1][0] + (dx * STEP) / camera.unit(), corners[1][1] + (dy * STEP) / camera.unit()];
    select(rectangle(...corners), began);
  }

  async function setOut(wanted, entry = true) {
    walk = wanted;
    journey = wanted ? await walked(wanted) : [];
    scene.stops = journey.map((track, number) => [number + 1, points.at(track.track_id)]).filter(([, i]) => i >= 0);
    if (gone) return;
    tell();
    if (scene.stops.length && !values.get("at")) camera.fit(fitted = scene.stops.map(([, i]) => i), free());
    paint(true);
    if (entry) keep(true);
  }

  // What the card and the tools leave of the sheet.
  function free() {
    const { width, height } = camera.size;
    const top = tools.offsetTop < height / 3 ? tools.offsetTop + tools.offsetHeight : finder.offsetTop; // on a phone the tools are above
    if (card.hidden) return { top, right: width, bottom: height };
    return card.offsetWidth < width ? { top, right: card.offsetLeft, bottom: height } : { top, right: width, bottom: card.offsetTop };
  }

  // The card must not lie over what it tells of.
  function uncover(...place) {
    const [x, y] = camera.onSheet(...place);
    const { top, right, bottom } = free();
    if (right < camera.size.width && x > right - 30) camera.pan(right / 2 - x, 0);
    if (bottom < camera.size.height && y > bottom - 30) camera.pan(0, (top + bottom) / 2 - y);
  }

  function zoom(factor, px, py) {
    camera.zoom(factor, px, py);
    seen();
  }

  function pointAt(i) {
    const [x, y] = camera.onSheet(points.x[i], points.y[i]);
    if (x < 40 || y < 40 || x > camera.size.width - 40 || y > camera.size.height - 40) Object.assign(camera.view, { x: points.x[i], y: points.y[i] });
    uncover(points.x[i], points.y[i]);
    seen();
    hover(i);
    spoken.textContent = `${points.name(i)}, ${points.artists[i]}`;
  }

  const drawsAlways = () => lasso.getAttribute("aria-pressed") === "true";
  function lassoing(on) {
    lasso.setAttribute("aria-pressed", String(on));
    canvas.style.setProperty("cursor", on ? "crosshair" : "grab");
    if (on) say("Draw around the tracks that you mean. By keys: Shift and arrows.");
  }

  gestures(canvas, {
    draws: (event) => drawsAlways() || event.shiftKey,
    hover: (px, py) => hover(at(px, py)),
    press: (px, py) => choose(at(px, py)),
    pan: (dx, dy) => { camera.pan(dx, dy); seen(); },
    zoom,
    drawing: (line) => { scene.drawing = line; paint(); },
    drawn: (line) => {
      lassoing(false);
      corners = null;
      select(simplified(line.map(([px, py]) => camera.onMap(px, py)), 2 / camera.unit()));
    },
  });
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow && event.shiftKey) stretch(arrow);
    else if (arrow && n) {
      const to = scene.hovered < 0 ? Math.max(scene.chosen, 0) : points.neighbour(scene.hovered, ...arrow);
      if (to >= 0) pointAt(to);
    } else if (event.key === "Enter" && scene.hovered >= 0) choose(scene.hovered);
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "a") selectView();
    else if (event.key === "Escape" && scene.chosen >= 0) choose(-1);
    else if (event.key === "Escape" && scene.outline) select(null);
    else return;
    event.preventDefault();
  });

  if (values.get("at")) camera.read(values.get("at"));
  paint.begin();
  const outline = outlineIn(values.get("area") ?? "");
  if (outline) select(outline, false);
  const wanted = points.at(values.get("track"));
  if (walk) await setOut(walk, false).catch((error) => { walk = null; show("Walk", problem(error)); });
  if (wanted >= 0) choose(wanted, false);
  if (asked !== null) saying(() => showTaste(true))();
  return () => { gone = true; camera.land(); paint.end(); };
}
