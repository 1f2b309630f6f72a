/** The rows of the overview: only those on the screen are drawn again as time goes by. */

import { isBad, nextRun, remark, shownState, SIGNS } from "./agents.js";
import { ageOfAgent, isStale, mainField, valueOf } from "./fields.js";
import { milliseconds, withUnit } from "./format.js";
import { address } from "./route.js";
import { samplesOf } from "./samples.js";
import { drawSparkline } from "./sparkline.js";
import { state } from "./store.js";
import { now, span } from "./time.js";
import { guard } from "./vendor/lit-html/directives/guard.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const SHOWN = 120;

/** Which rows are on the screen; `changed` is called when that changes. Call `drawn` after each time rows were drawn. */
export function hold(changed) {
  const visible = new Set();
  const watched = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) visible[isIntersecting ? "add" : "delete"](target.dataset.agent);
    changed();
  }, { rootMargin: "100px" });
  return {
    has: (name) => visible.has(name),
    drawn: () => watchRows(observer, watched),
    end: () => observer.disconnect(),
  };
}

function watchRows(observer, watched) {
  for (const line of watched) if (!line.isConnected) watched.delete(line) && observer.unobserve(line);
  for (const line of document.querySelectorAll("tr[data-agent]")) {
    if (!watched.has(line)) watched.add(line) && observer.observe(line);
    else if (line.dataset.live) draw(line);
  }
}

function draw(line) {
  const canvas = line.querySelector("canvas");
  const id = mainField(line.dataset.agent);
  if (canvas?.clientWidth && id) drawSparkline(canvas, (each) => samplesOf(id).walk(each), now() - SHOWN, now());
}

/** The row of an agent. */
export function row(name, rows) {
  const agent = state.agents[name];
  const isLive = rows.has(name);
  return guard([isLive ? now() : shownState(agent)], () => line(name, agent, isLive));
}

function line(name, agent, isLive) {
  const shown = shownState(agent);
  const id = mainField(name);
  const next = nextRun(agent);
  return html`
    <tr data-agent=${name} data-live=${isLive ? "yes" : nothing} class=${isBad(shown) ? "bad-row" : ""}>
      <td class="state-column"><span class="state state-${shown.replace(" ", "-")}">${SIGNS[shown]} <span class="word">${shown}</span></span></td>
      <th scope="row"><a href=${address("agent", name)}>${name}</a></th>
      <td class=${id && isStale(id) ? "stale" : ""}>${id ? value(id) : "—"}</td>
      <td class="wide"><canvas class="spark" aria-hidden="true"></canvas></td>
      <td class="number">${age(agent)}</td>
      <td class="number wide">${next === null ? "—" : dueIn(next)}</td>
      <td class="number wide">${milliseconds(agent.lateness_p99)}</td>
      <td class="says" title=${remark(agent)}>${remark(agent)}</td>
    </tr>`;
}

function value(id) {
  const text = withUnit(valueOf(id), state.fields[id]);
  return isStale(id) ? html`${text} <span class="stale-sign">◷ stale</span>` : text;
}

function age(agent) {
  const seconds = ageOfAgent(agent);
  return seconds === null ? "—" : span(seconds);
}

function dueIn(next) {
  return next - now() < 1 ? "now" : `in ${span(next - now())}`;
}
