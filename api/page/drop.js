// A clip that is dropped or chosen on any view goes to the one that asks with clips.

const WAIT = 3000;

// Hands the file to the clip view, as if it had been chosen there.
export function ask(go, file) {
  const files = new DataTransfer();
  files.items.add(file);
  const main = document.getElementById("main");
  const hand = () => {
    const field = location.hash.startsWith("#/clip") && main.querySelector("input[type=file]");
    if (!field) return false;
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  go("#/clip");
  const watcher = new MutationObserver(() => { if (hand()) watcher.disconnect(); });
  watcher.observe(main, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), WAIT);
}

export function watchDrops(go) {
  const isFile = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
  const isOurs = () => ["explore", "clip"].includes(document.body.dataset.view);
  const mark = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragover", (event) => {
    if (!isFile(event) || event.defaultPrevented || !isOurs()) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
  addEventListener("drop", (event) => {
    mark(false);
    if (!isFile(event) || event.defaultPrevented || !isOurs()) return;
    event.preventDefault();
    ask(go, event.dataTransfer.files[0]);
  });
}
