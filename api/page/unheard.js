// What a crawl did not hear or did not remove, why, and what to do about it.

import { h, problem } from "./dom.js";

// Of the reasons in docs/errors.md: what it is, and what helps.
const REASONS = {
  unsupported_format: ["a format that is not heard here", "Convert it."],
  unreadable_file: ["could not be opened", "Look at its permissions, and whether its disk is mounted."],
  forbidden_folder: ["a link out of the folders that may be read", "Whoever runs Earshot says which folders it may read."],
  empty_folder: ["an empty folder", "If a disk belongs there, mount it."],
  ignored: ["passed over: a bin, or a file says so"],
  hidden_entry: ["counted, and not shown by the service"],
  list_changed: ["the list was changed while it was read", "Try again."],
  duplicate_entry: ["the same as"],
  bad_row: ["names no recording", "Mend the row."],
  episode: ["a podcast"],
  local_file: ["a file on somebody's own disk", "Add its folder."],
  null_entry: ["withdrawn"],
  no_track_id: ["without a usable id"],
  no_preview_url: ["no preview", "Switch on a source that finds previews: see “Where music may come from”."],
  miss: ["nobody asked has anything like it"],
  rejected: ["something was found, but not certainly this recording"],
  unplayable: ["is no audio, or broken"],
  undecodable: ["is broken, or in no format known here"],
  silent: ["is silent"],
  too_short: ["is too short to be heard"],
  bad_sheet: ["its cue sheet says times that do not fit its file", "Mend the sheet."],
  file_gone: ["is gone since it was read", "Try again."],
  file_changed: ["has changed since it was read", "Try again."],
  provider_off: ["its source is switched off", "It is switched on under “Where music may come from”."],
  unavailable: ["its provider failed", "Try again later."],
  cancelled: ["cancelled before it was heard", "Try again."],
  missing: ["was removed from the catalogue"],
  refused: ["its provider refused", "Log in to it: see “Where music may come from”."],
};
const DOUBTS = {
  unread: "something could not be read", emptied: "nothing is left there, as when a disk is not mounted",
  folder_gone: "a whole folder is gone, as when a disk is not mounted",
  parted: "a cue sheet came or went, and what was one track is several now, or one again",
  many: "they are a large part of the playlist",
};

function why({ reason, state, detail }) {
  const [what, remedy] = REASONS[reason] ?? [(reason ?? state).replaceAll("_", " ")];
  return `${what}${detail ? `${reason === "duplicate_entry" ? " " : ": "}${detail}` : ""}. ${remedy ?? ""}`.trim();
}

// The entries of a crawl that were not heard, read when somebody opens the list; `ask(after)` gives a page of them.
export function unheard(count, ask) {
  const list = h("ul", { class: "unheard" });
  const more = h("button", { type: "button", class: "button", hidden: true, onclick: () => show() }, "More");
  let after, begun = false;
  async function show() {
    more.hidden = true;
    try {
      const page = await ask(after);
      list.append(...page.entries.map((entry) => h("li", {}, h("strong", {}, entry.name), h("span", {}, why(entry)))));
      after = page.next;
      more.hidden = after === null;
    } catch (error) {
      list.append(h("li", {}, problem(error)));
    }
  }
  return h("details", { ontoggle: (event) => { if (event.target.open && !begun) { begun = true; show(); } } },
    h("summary", {}, `${count} not heard: which, and why`), list, more);
}

// What a crawl did not remove, with a button where a person may decide it; `agree` has it removed.
export function withheld({ tracks, doubt, names, may_be_agreed }, agree) {
  const named = names.slice(0, 5).join(", ") + (tracks > 5 ? ", …" : "");
  return h("div", { class: "problem" },
    h("strong", {}, `${tracks} ${tracks === 1 ? "track seems" : "tracks seem"} to have left, and stayed: ${DOUBTS[doubt] ?? doubt}.`),
    named ? h("span", {}, named) : null,
    may_be_agreed ? h("button", { type: "button", class: "button", onclick: agree }, "Remove them") : null);
}
