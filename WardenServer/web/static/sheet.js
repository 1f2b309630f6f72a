/** Style sheets that are loaded when they are needed. */

/** Load a style sheet of ours, once; returns a promise that ends when it is there. */
export function loadSheet(name) {
  const href = `/static/${name}`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((done) => (link.onload = link.onerror = done));
}
