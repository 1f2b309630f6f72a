/** What is known of the hub now: a snapshot, and the changes since. */

import { begin } from "./stream.js";
import { now, setZone, sync } from "./time.js";

const SILENT_INTERVALS = 5;
const SILENT_AT_LEAST = 5;

/**
 * The newest of everything. Entries are replaced when they change, never changed in place.
 *
 * `hub` is the hub's document without its agents, null where nothing is known of it; `hubGone` whether what is here is
 * only what was last known; `fieldsVersion` grows when fields come or go; `jobs`, `runs` and `ping` whether there are views of them;
 * `lost` whether the stream has ended.
 */
export const state = {
  hub: null, hubGone: true, agents: {}, fields: {}, fieldsVersion: 0, alarms: {}, documents: {},
  instance: "", device: "", interval: 1, jobs: false, runs: false, ping: false, problem: null, read: 0, heard: 0, lost: false, refused: null,
};

const listeners = new Set();
let asked = false;
let ageing = 0;

/** Call `listener` once a frame when something has changed, and each second so that values age; returns its end. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begin to listen to the server. */
export function start() {
  begin(take);
  tellLater();
}

/** Call the listeners in the next frame; once for all that changes until then. */
export function changed() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(tell);
}

function tell() {
  asked = false;
  tellLater();
  for (const listener of [...listeners]) listener();
}

function tellLater() {
  clearTimeout(ageing);
  ageing = setTimeout(changed, 1000);
}

/** Whether nothing comes from the web server any more. */
export function isSilent() {
  const limit = Math.max(SILENT_INTERVALS * state.interval, SILENT_AT_LEAST) * 1000;
  return state.heard > 0 && performance.now() - state.heard > limit;
}

const samplers = new Set();

/** Call `sampler(time)` with each message, also where nothing is shown. */
export function onMessage(sampler) {
  samplers.add(sampler);
  return () => samplers.delete(sampler);
}

/** Take a message of the stream in. */
export function take(kind, data) {
  if (kind === "lost") lose(data);
  else hear(kind, data);
  changed();
}

function lose(error) {
  state.lost = true;
  state.refused = error;
}

function hear(kind, data) {
  Object.assign(state, { lost: false, refused: null, heard: performance.now(), read: data.read, problem: data.problem });
  sync(data.read);
  if (kind === "snapshot") takeSnapshot(data);
  else takeChange(data);
  for (const sampler of samplers) sampler(now());
}

function takeSnapshot(data) {
  const { agents = {}, ...hub } = data.hub ?? {};
  setZone(data.zone);
  gone.clear();
  Object.assign(state, {
    instance: data.instance, device: data.device, interval: data.interval, jobs: data.jobs === true, runs: data.runs === true, ping: data.ping === true, hub: data.hub && hub, hubGone: !data.hub, agents,
    documents: data.documents, fields: data.fields, alarms: data.alarms, fieldsVersion: state.fieldsVersion + 1,
  });
}

function takeChange(change) {
  if (change.hub !== undefined) takeHub(change.hub);
  takeTable("agents", change.agents, change.agents_gone, true);
  takeTable("documents", change.whole, change.gone);
  takeTable("documents", change.changed, [], true);
  if (change.fields_gone || Object.keys(change.fields ?? {}).some((id) => !state.fields[id])) state.fieldsVersion += 1;
  takeTable("fields", change.fields, change.fields_gone);
  takeTable("alarms", change.alarms, change.alarms_gone);
}

function takeHub(hub) {
  state.hubGone = hub === null;
  if (!hub) return;
  state.hub = { ...state.hub, ...hub };
  for (const [table, names] of gone) for (const name of names) delete state[table][name];
  if (gone.has("fields")) state.fieldsVersion += 1;
  gone.clear();
}

/** What has gone with the hub, by table: it is shown as it was last, and grows old, until the hub is back. */
const gone = new Map();

function takeTable(table, come = {}, names = [], isPart = false) {
  for (const [name, entry] of Object.entries(come)) {
    state[table][name] = isPart ? { ...state[table][name], ...entry } : entry;
    gone.get(table)?.delete(name);
  }
  if (state.hubGone) gone.set(table, new Set([...(gone.get(table) ?? []), ...names]));
  else for (const name of names) delete state[table][name];
}
