// Style sheets of views and parts that are not there from the beginning.

const loaded = new Map();

// Waits for the sheet of that name, so that nothing is seen without it; without it where it cannot be had.
export function styled(name) {
  if (!loaded.has(name)) {
    loaded.set(name, new Promise((resolve) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/page/${name}.css`, onload: resolve,
        onerror: () => { loaded.delete(name); link.remove(); resolve(); } });
      document.head.append(link);
    }));
  }
  return loaded.get(name);
}
