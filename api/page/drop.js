// A clip that is dropped or chosen on any view goes to the one that asks with clips.

export const ACCEPT = "audio/*,video/webm,video/mp4,video/x-matroska,.dsf,.wv,.tta,.ape,.wma,.caf,.mka";

let handed = null;

// Hands the file to the clip view, which asks with it as soon as it is there.
export function ask(go, file) {
  handed = file;
  go("#/clip");
}

// The file that was handed over, once; null: none was.
export function taken() {
  const file = handed;
  handed = null;
  return file;
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
