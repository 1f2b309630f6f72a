/** The address of a view: `#/VIEW/NAME?PARAMETERS`. */

/** The view of the address now, with its name and its parameters (URLSearchParams). */
export function read() {
  const [path, search] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, name] = path.split("/");
  return { view, name: decode(name ?? ""), parameters: new URLSearchParams(search ?? "") };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a view; what is undefined or "" is left out, and a list gives several. */
export function address(view, name = "", said = {}) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(said)) {
    for (const each of [value].flat()) if (each !== undefined && each !== "") parameters.append(key, each);
  }
  const search = parameters.size > 0 ? `?${parameters}` : "";
  return `#/${view}${name ? `/${encodeURIComponent(name)}` : ""}${search}`;
}

/** Change the parameters of the address without a new entry in the history of the browser. */
export function replace(view, said) {
  history.replaceState(null, "", address(view, "", said));
}
