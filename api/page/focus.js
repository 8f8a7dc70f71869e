// Where somebody is on the page, so that it can be redrawn around them: what has the focus, which folds are open, and
// where the list of tracks stands. Marks are plain objects, to be kept.

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

// Two elements of the same name do the same.
const nameOf = (element) => element.dataset.key ?? [element.tagName, element.closest("[data-track]")?.dataset.track,
  element.getAttribute("aria-label") || element.getAttribute("name") || element.closest("label")?.textContent || element.textContent].join(" ");

const rowsOf = (root) => [...root.querySelectorAll(".tracks > .track")];

export function focusMark(root) {
  const element = document.activeElement;
  if (!element || element === root || !root.contains(element)) return null;
  const name = nameOf(element);
  const alike = [...root.querySelectorAll(FOCUSABLE)].filter((other) => nameOf(other) === name);
  return { name, nth: alike.indexOf(element), row: rowsOf(root).indexOf(element.closest(".tracks > .track")), icon: element.dataset.icon };
}

// Focuses what does the same as what was marked; where that is gone, what stands in its place. Whether there is such a thing.
export function restoreFocus(root, mark) {
  if (!mark) return false;
  const alike = [...root.querySelectorAll(FOCUSABLE)].filter((other) => nameOf(other) === mark.name);
  const rows = rowsOf(root);
  const row = mark.row < 0 ? null : rows[Math.min(mark.row, rows.length - 1)];
  const found = alike[Math.min(mark.nth, alike.length - 1)]
    ?? row?.querySelector(mark.icon ? `[data-icon="${mark.icon}"]` : FOCUSABLE) ?? row?.querySelector(FOCUSABLE);
  found?.focus({ preventScroll: true });
  return document.activeElement === found;
}

// Redraws `root`: what was in hand stays in hand, and in its place on the screen; without it, the row that stands first there.
export function redraw(root, draw) {
  const mark = focusMark(root);
  const open = [...root.querySelectorAll("details[open]:not(.more)")].map((fold) => nameOf(fold.querySelector("summary")));
  const before = rowsOf(root);
  const top = (element) => element.getBoundingClientRect().top;
  const first = before.length && top(before[0]) < 0 ? before.findIndex((row) => top(row) >= 0) : -1;
  const was = mark ? top(document.activeElement) : first < 0 ? 0 : top(before[first]);
  draw();
  for (const summary of root.querySelectorAll("details:not(.more) > summary")) {
    if (open.includes(nameOf(summary))) summary.parentElement.open = true;
  }
  const found = restoreFocus(root, mark) ? document.activeElement : mark ? null : rowsOf(root)[first];
  if (found) scrollBy({ top: top(found) - was, behavior: "instant" });
  else if (mark) document.getElementById("main").focus({ preventScroll: true });
}
