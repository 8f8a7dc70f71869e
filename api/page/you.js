// For you: what Earshot recommends whoever has the key, why, and all that it keeps of them.

import { api, currentStage } from "./api.js";
import { h, problem, say, saying } from "./dom.js";
import { keyField, listenerKey } from "./listener.js";
import { mapped } from "./mapped.js";
import { playAll } from "./play_all.js";
import { regionsOf, remember, told } from "./taste.js";
import { action, artistsOf, named, row, tagChips } from "./tracks.js";
import { hasLearned, listeningSlider } from "./weights.js";

const SHOWN = 20;
const TAGS = 8;

export async function you(main, values, { go, stays }) {
  const state = { listening: values.get("listening") ?? "", fresh: values.get("fresh") ?? "", new: values.get("new") ?? "" };
  const change = (more) => {
    const wanted = new URLSearchParams(Object.entries({ ...state, ...more }).filter(([, value]) => value));
    go(wanted.size ? `#/you?${wanted}` : "#/you");
  };
  const key = keyField(() => show());
  const note = h("div", { class: "note", role: "status" });
  const body = h("div", { class: "body" });
  const fresh = h("input", { type: "range", min: "0", max: "1", step: "0.25", value: state.fresh || "0.5", "aria-label": "From familiar to fresh",
    onchange: () => change({ fresh: fresh.value === "0.5" ? "" : fresh.value }) });
  const onlyNew = h("input", { type: "checkbox", checked: state.new === "1", onchange: () => change({ new: onlyNew.checked ? "1" : "" }) });
  const settings = h("div", { class: "settings" },
    h("label", { class: "between" }, "familiar", fresh, "fresh"), h("label", {}, onlyNew, "only what is new to me"));
  main.replaceChildren(
    h("section", { class: "hero small" }, h("h1", {}, "For you"), settings, h("div", { class: "add" }, key), note), body);
  const [stage, learned] = await Promise.all([currentStage().catch(() => ""), hasLearned()]);
  if (learned) settings.prepend(listeningSlider(state.listening || "0.5", (value) => change({ listening: value === "0.5" ? "" : value })));
  await show();

  async function show() {
    try {
      const options = { k: SHOWN, freshness: state.fresh, new_to_me: state.new === "1" || undefined, listening: state.listening };
      const [answer, said] = await Promise.all([api.recommend(options, listenerKey()), api.opinions(listenerKey())]);
      if (!stays()) return;
      remember(answer.query);
      note.replaceChildren();
      body.replaceChildren(...[
        h("div", { class: "bar" }, h("h2", {}, answer.basis === "spread" ? "Something of everything" : "You may like"),
          playAll(answer.results, stage)),
        answer.basis === "spread" ? h("p", { class: "hint" }, "Nothing is known of you yet, so these are as unlike each other as the catalogue allows. Play something, or love it.") : null,
        h("ol", { class: "tracks" }, answer.results.map((track, number) => row(track, { stage, rest: answer.results.slice(number + 1), seeds: answer.query, actions: opinions(track, said.opinions) }))),
        answer.basis === "spread" ? null : liking(answer.query), history(), deletion()].filter(Boolean));
    } catch (error) {
      if (!stays()) return;
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
      body.replaceChildren();
    }
  }

  function opinions(track, said) {
    const love = action("heart", `Love ${named(track)}`, saying(async () => {
      const on = love.getAttribute("aria-pressed") === "true";
      await api.opinion(track.track_id, on ? null : "loved", listenerKey());
      love.setAttribute("aria-pressed", String(!on));
    }));
    love.setAttribute("aria-pressed", String(said[track.track_id] === "loved"));
    const ban = action("ban", `Never again ${named(track)}`, saying(async () => {
      await api.opinion(track.track_id, "banned", listenerKey());
      ban.closest("li").remove();
      say(`${named(track)} will not come again.`);
    }));
    return [love, ban];
  }

  // The tracks that counted most, and the tags that they share.
  function liking(seeds) {
    const liked = seeds.filter((seed) => seed.weight > 0);
    const tags = new Map();
    for (const { tags: own, weight } of liked) for (const { name, probability } of own) tags.set(name, (tags.get(name) ?? 0) + weight * probability);
    const most = Math.max(...tags.values(), 1e-9);
    const strongest = [...tags].sort((a, b) => b[1] - a[1]).slice(0, TAGS).map(([name, value]) => ({ name, probability: value / most }));
    return h("section", { "aria-label": "What Earshot thinks you like" }, h("h2", {}, "What Earshot thinks you like"),
      tagChips(strongest, (tag) => go(`#/?tags=${encodeURIComponent(tag)}`)), onTheMap(liked),
      h("ul", { class: "plain" }, liked.map((seed) => h("li", {},
        h("a", { href: `#/map?track=${encodeURIComponent(seed.track_id)}`, title: "Where it lies on the map" }, named(seed)), ` · ${artistsOf(seed)}`))));
  }

  // Where that lies: each region of the map in words, with the way to it.
  function onTheMap(liked) {
    const list = h("ul", { class: "plain", "aria-label": "Regions of the map" });
    const whole = h("p", { hidden: true }, h("a", { class: "button", href: "#/map?you" }, "See it on the map"));
    mapped().then((points) => {
      list.replaceChildren(...regionsOf(liked, points).map((region) => h("li", {}, told(region))));
      whole.hidden = !list.children.length;
    }).catch(() => {}); // without a map the tracks below say the same
    return [list, whole];
  }

  function history() {
    const list = h("ul", { class: "plain" });
    const more = h("button", { type: "button", class: "button", hidden: true, onclick: saying(() => draw()) }, "More");
    let before, begun = false;
    async function draw() {
      const page = await api.listens({ before }, listenerKey());
      list.append(...page.listens.map((play) => h("li", {}, h("time", { datetime: new Date(play.listened_at * 1000).toISOString() },
        new Date(play.listened_at * 1000).toLocaleString()), " ", h("strong", {}, play.title || play.track_id), play.artists.length ? ` · ${play.artists.join(", ")}` : "",
      play.is_skip ? " (skipped)" : "")));
      if (!list.children.length) list.append(h("li", { class: "hint" }, "No plays so far."));
      before = page.before;
      more.hidden = !before;
    }
    return h("details", { ontoggle: saying(async (event) => { if (event.target.open && !begun) { begun = true; await draw(); } }) },
      h("summary", {}, "What you played"), list, more);
  }

  function deletion() {
    const place = h("div", { class: "settings" });
    const ask = () => place.replaceChildren(h("button", { type: "button", class: "button", onclick: sure }, "Delete everything of me"));
    const sure = () => {
      const yes = h("button", { type: "button", class: "button primary", onclick: saying(async () => {
        const { gone_by } = await api.forgetMe(listenerKey());
        say(`Deleted. The archive follows by ${new Date(gone_by).toLocaleString()}.`);
        await show();
      }) }, "Delete");
      place.replaceChildren(h("strong", {}, "Delete all plays, what you love and ban, and what was learned of it?"), yes,
        h("button", { type: "button", class: "button", onclick: ask }, "Keep it"));
      yes.focus();
    };
    ask();
    return place;
  }
}
