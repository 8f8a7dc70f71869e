// Ask with a clip: it goes up to where the server says, and what sounds like it comes back.

import { api, currentStage, upload } from "./api.js";
import { h, problem } from "./dom.js";
import { action, named, row } from "./tracks.js";

const EVERY = 1000;
const SHOWN = 12;

export async function clip(main, values, { go, stays }) {
  const file = h("input", { type: "file", name: "clip", accept: "audio/*,video/webm,video/mp4,video/x-matroska,.dsf,.wv,.tta,.ape,.wma,.caf,.mka", required: true, "aria-label": "Clip" });
  const key = h("input", { type: "password", class: "search key", name: "key", autocomplete: "current-password", "aria-label": "API key",
    placeholder: "API key", hidden: true });
  const note = h("div", { class: "note", role: "status" });
  const body = h("div", { class: "body" });
  const form = h("form", { class: "add", onsubmit: async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    note.textContent = "Uploading …";
    try {
      const [chosen] = file.files;
      const query = await api.openQuery({ size: chosen.size, type: chosen.type.split(";")[0] || undefined }, key.value);
      await upload(query.upload, chosen);
      go(`#/clip?id=${query.query_id}`);
    } catch (error) {
      if (error.code === "key_required") key.hidden = false;
      note.replaceChildren(problem(error));
    }
    button.disabled = false;
  } }, file, key, h("button", { class: "button primary" }, "Listen"));
  main.replaceChildren(
    h("section", { class: "hero small" }, h("h1", {}, "What sounds like my clip?"), form, note,
      h("p", { class: "hint" }, "Half a minute is enough. The clip is deleted as soon as it was heard, everything else within the hour.")),
    body);

  const id = values.get("id");
  if (!id) return undefined;
  const stage = await currentStage().catch(() => "");
  let timer;
  await look();
  return () => clearTimeout(timer);

  async function look() {
    try {
      const answer = await api.query(id, { k: SHOWN });
      if (!stays()) return;
      if (answer.status === "pending") {
        body.replaceChildren(h("p", { class: "empty" }, "Listening …"));
        timer = setTimeout(look, EVERY);
      } else if (answer.status === "failed") {
        body.replaceChildren(problem({ message: "The clip could not be heard.", hint: answer.message ?? answer.reason ?? "" }));
      } else show(answer);
    } catch (error) {
      if (stays()) body.replaceChildren(problem(error));
    }
  }

  function show({ tags, results }) {
    const more = (track) => action("plus", `More like ${named(track)}`, () => go(`#/?like=${encodeURIComponent(track.track_id)}`));
    body.replaceChildren(
      h("h2", {}, "Within earshot"),
      h("p", { class: "hint" }, tags.length ? `It sounds like ${tags.map((tag) => tag.name).join(", ")}.` : ""),
      results.length ? h("ol", { class: "tracks" }, results.map((track, number) =>
        row(track, { stage, rest: results.slice(number + 1), actions: [more(track)] })))
        : h("p", { class: "empty" }, "Nothing sounds like it."));
  }
}
