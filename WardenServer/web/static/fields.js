/** Fields as the store has them: value, time, whether they are stale, and whose they are. */

import { state } from "./store.js";
import { now } from "./time.js";

const STALE_INTERVALS = 10;
const STALE_AT_LEAST = 10;
const NUMERIC = ["int", "float"];

let known = -1;
let byAgent = new Map();

/** The ids (KEY.FIELD) of an agent's fields. */
export function fieldsOf(agent) {
  if (known !== state.fieldsVersion) index();
  return byAgent.get(agent) ?? [];
}

function index() {
  byAgent = new Map();
  for (const [id, entry] of Object.entries(state.fields)) {
    if (!byAgent.has(entry.agent)) byAgent.set(entry.agent, []);
    byAgent.get(entry.agent).push(id);
  }
  known = state.fieldsVersion;
}

/** The field that stands for an agent: its first number, or else its first field; undefined where it has none. */
export function mainField(agent) {
  const ids = fieldsOf(agent);
  return ids.find((id) => NUMERIC.includes(state.fields[id].type)) ?? ids[0];
}

/** Key and field of an id. One that no entry has is parted at its last dot. */
export function part(id, entries = state.fields) {
  if (entries[id]) return { key: entries[id].key, field: entries[id].field };
  const dot = id.lastIndexOf(".");
  return dot < 0 ? { key: id, field: "value" } : { key: id.slice(0, dot), field: id.slice(dot + 1) };
}

/** The id of a field of a key. */
export const join = (key, field) => `${key}.${field}`;

/** The newest value of a field; null where it has none, undefined where its document is not there. */
export function valueOf(id) {
  const { key, field } = part(id);
  const document = state.documents[key];
  return isDocument(document) ? document[field] : document;
}

/** What a document says of this one field, why it has no value; "" where nothing. */
export function saidWhy(id) {
  const { key, field } = part(id);
  const document = state.documents[key];
  if (document === undefined) return `Memcached has no document ${key}`;
  return isDocument(document) ? document.reason?.[field] ?? "" : "";
}

function isDocument(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** How old a field's value is in seconds, by the time of its document or, where that has none, of its agent's last run. */
export function ageOf(id) {
  const document = state.documents[part(id).key];
  const stamp = document?.timestamp;
  return typeof stamp === "number" ? now() - stamp : ageOfAgent(state.agents[state.fields[id]?.agent]);
}

/** How old an agent's last run is in seconds; null where it has not run. */
export function ageOfAgent(agent) {
  if (agent?.age === null || agent?.age === undefined || !state.hub) return null;
  return agent.age + now() - state.hub.timestamp;
}

/** Whether an age is too old for an agent: ten intervals, at least 10 s. One that runs by the calendar is never. */
export function isOld(age, agent) {
  if (age === null || age === undefined) return false;
  if (agent && agent.interval === null) return isHubOld();
  return age > Math.max(STALE_INTERVALS * (agent?.interval ?? 1), STALE_AT_LEAST);
}

/** Whether the hub has said nothing for too long. */
export function isHubOld() {
  return !state.hub || now() - state.hub.timestamp > STALE_AT_LEAST;
}

/** Whether a field's value is stale. */
export function isStale(id) {
  return isOld(ageOf(id), state.agents[state.fields[id]?.agent]);
}
