/** Light or dark: as the system says, or as chosen here. */

const PLACE = "warden-theme";
const THEMES = ["system", "light", "dark"];

/** The theme that was chosen: "system", "light" or "dark". */
export function theme() {
  return document.documentElement.dataset.theme ?? "system";
}

/** Choose the next theme, for this browser. */
export function nextTheme() {
  const chosen = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  localStorage.setItem(PLACE, chosen);
  apply(chosen);
}

function apply(chosen) {
  if (THEMES.indexOf(chosen) > 0) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  tell();
}

const colours = new Map();

/** A colour of the theme as a canvas can take it. `name` is that of a CSS variable, such as "--accent". */
export function colour(name) {
  if (!colours.has(name)) colours.set(name, resolve(name));
  return colours.get(name);
}

function resolve(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** The window gets the event "themechange" when other colours count. */
function tell() {
  colours.clear();
  dispatchEvent(new Event("themechange"));
}

apply(localStorage.getItem(PLACE));
addEventListener("storage", (event) => event.key === PLACE && apply(event.newValue));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
