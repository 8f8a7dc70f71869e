// What went wrong, in the words of who listens. The API speaks to programmers too: of commands, routes and settings.

const SAID = {
  no_index_yet: ["Nothing has been heard yet.", "Add music to begin."],
  track_not_found: ["This track is not in the catalogue.", "Add a playlist that holds it."],
  track_not_ready: ["This track has not been heard yet.", "It can be asked with as soon as it has been."],
  route_not_found: ["This Earshot cannot do that.", "It may be older than this page. Load the page again."],
  method_not_allowed: ["This Earshot cannot do that.", "It may be older than this page. Load the page again."],
  internal_error: ["Something broke on our side.", "Try again."],
  invalid_track_id: ["This address names no track.", "Search for it instead."],
  quota_exceeded: ["That was a lot within an hour.", "Try again later."],
};
const OF_THE_CATALOGUE = ["The catalogue cannot be read at the moment.", "Try again in a minute."];
for (const code of ["index_error", "damaged_index", "index_race", "index_unavailable", "index_refused", "recall_too_low", "recipe_not_ready",
  "shards_unavailable", "shard_of_track_down", "too_few_shards", "other_transform"]) SAID[code] = OF_THE_CATALOGUE;

const A_COMMAND = /\bmake (?!an?\b|the\b|it\b|sure\b)[a-z]|\bpython3? -m\b|\b(?:GET|POST|PUT|DELETE) \/|\b[a-z_]+\.(?:json|env|py)\b|\bdocs\/|\/docs\b|\b[A-Z][a-z]+[A-Z]\w*\(|`/;

// Sentences that tell somebody at a keyboard what to type are left out.
// Names of fields, which the page has as well, are words.
const plain = (text) => (text ?? "").replace(/`([a-z]+)`/g, "$1").split(/(?<=[.!?:;])\s+/).filter((sentence) => !A_COMMAND.test(sentence)).join(" ").replace(/[;:]$/, ".");

// { message, hint } of an error, to be shown.
export function inWords(error) {
  const [message, hint] = SAID[error.code] ?? [plain(error.message), plain(error.hint)];
  return { message: message ? `${message[0].toUpperCase()}${message.slice(1)}` : "Something went wrong.", hint };
}

// Whether the same may work in a moment: nobody answered, or somebody was too busy or broken.
export const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500;
