// An empty catalogue: music is added right here, and as soon as some of it has been heard the shelves are there.

import { api } from "./api.js";
import { h, problem, say } from "./dom.js";
import { folderBrowser } from "./folders.js";
import { styled } from "./styled.js";

const EVERY = 3000;

export async function begin({ stage, go }) {
  const place = h("section", { class: "begin", "aria-label": "Add music" });
  const [{ playlists }] = await Promise.all([import("./playlists.js"), styled("playlists")]);
  let done = () => {};
  const stays = () => place.isConnected || !place.dataset.shown;
  const form = h("div", {});
  const crawls = async () => { done = (await playlists(form, new URLSearchParams(), { go, stays })) ?? done; };
  place.append(
    h("h2", {}, "Nothing has been heard yet"),
    h("p", { class: "hint" }, "Choose a folder of music, give the link of a playlist, or a list of songs. ",
      "Each track can be asked with as soon as it has been heard. ", h("a", { href: "#/playlists" }, "Add a playlist"), " at any time."),
    stage === "local" ? folderBrowser(async (folder) => {
      await api.start(folder);
      say(`${folder} is being listened to.`);
      await crawls();
    }) : "",
    form);
  crawls().catch((error) => form.replaceChildren(problem(error)));
  requestAnimationFrame(() => { place.dataset.shown = "1"; });
  watch();
  return [place];

  function watch() {
    setTimeout(async () => {
      if (!stays()) return done();
      const some = await api.health().then(({ index }) => index?.tracks > 0, () => false);
      if (some && stays()) {
        say("The first tracks have been heard.");
        done();
        return document.dispatchEvent(new CustomEvent("earshot:again"));
      }
      return watch();
    }, EVERY);
  }
}
