/** The one dialog of the page, and messages that pass. */

import { html, render } from "./vendor/lit-html/lit-html.js";

const SHOWN = 6000;

/**
 * Ask something in a dialog. `content()` gives its fields, `act(form)` does what was asked with the FormData; what it
 * raises is shown, and the dialog stays. Returns a promise: the FormData, or null when people gave it up.
 */
export function ask(title, content, { act, button = title } = {}) {
  const dialog = document.getElementById("dialog");
  return new Promise((done) => {
    const finish = (result) => {
      dialog.onclose = null;
      dialog.close();
      render(null, dialog);
      done(result);
    };
    dialog.onclose = () => finish(null);
    const show = (problem) => render(frame(title, content, button, problem, submit, () => finish(null)), dialog);
    const submit = async (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      try {
        await act?.(form);
        finish(form);
      } catch (error) {
        show(error.message);
      }
    };
    show("");
    dialog.showModal();
  });
}

const frame = (title, content, button, problem, submit, cancel) => html`
  <form @submit=${submit} aria-labelledby="dialog-title">
    <h2 id="dialog-title">${title}</h2>
    ${content()}
    <p class="problem" role="alert">${problem}</p>
    <div class="buttons">
      <button type="submit" class="main">${button}</button>
      ${button === "Close" ? null : html`<button type="button" @click=${cancel}>Cancel</button>`}
    </div>
  </form>`;

let timer = 0;

/** Show a sentence for some seconds. */
export function say(text, isProblem = false) {
  const place = document.getElementById("toast") ?? toast();
  place.textContent = text;
  place.className = isProblem ? "toast problem" : "toast";
  clearTimeout(timer);
  timer = setTimeout(() => (place.textContent = ""), SHOWN);
}

function toast() {
  const place = Object.assign(document.createElement("div"), { id: "toast" });
  place.setAttribute("role", "status");
  document.body.append(place);
  return place;
}
