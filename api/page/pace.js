// How long the rest of a crawl takes, from how it went while somebody looked.

const LOOKED_BACK = 90000, LEAST = 6000;

// A function that is told how many entries are settled and how many are left; it gives seconds, or null while nobody can know.
export function pace() {
  let seen = [];
  return (settled, left, now = Date.now()) => {
    seen = [...seen.filter(([when]) => now - when < LOOKED_BACK), [now, settled]];
    const [[since, before]] = seen;
    const gained = settled - before;
    return now - since < LEAST || gained < 2 ? null : Math.round((left * (now - since)) / gained / 1000);
  };
}

export function left(seconds) {
  if (seconds < 50) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${Math.max(minutes, 1)} min left`;
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `about ${hours} h left` : `about ${Math.round(hours / 24)} days left`;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

// "3 days ago", "in 2 hours", as the reader's language says it; the exact time on hover.
export function when(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  if (Math.abs(seconds) < 60) return "just now";
  const [unit, length] = UNITS.find(([, one]) => Math.abs(seconds) > 0.98 * one);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
