/** Agents as the store has them: how bad it is, when they run next, and what there is to say. */

import { ageOfAgent, isOld } from "./fields.js";
import { state } from "./store.js";
import { now } from "./time.js";

/** States from worst to best, each with its sign: colour is never the only one. */
export const SIGNS = {
  stalled: "◆", failing: "✕", refused: "⊘", stale: "◷", "no data": "○", stopped: "■", waiting: "…", good: "●",
};
const RANKS = Object.keys(SIGNS);
const BAD = ["stalled", "failing", "refused", "stale"];

/** The state of an agent to show: that of its entry, or "stale" where it is good but old. */
export function shownState(agent) {
  const ran = ["good", "no data"].includes(agent.state);
  return ran && isOld(ageOfAgent(agent), agent) ? "stale" : agent.state;
}

/** Whether somebody should look at an agent in this state. */
export const isBad = (shown) => BAD.includes(shown);

/** The names of all agents, the worst first, then by name. */
export function inOrder() {
  const rank = (name) => RANKS.indexOf(shownState(state.agents[name]));
  const ranks = new Map(Object.keys(state.agents).map((name) => [name, rank(name)]));
  return [...ranks.keys()].sort((one, other) => ranks.get(one) - ranks.get(other) || (one < other ? -1 : 1));
}

/** How many agents there are in each state, from the worst on. */
export function counts() {
  const found = new Map(RANKS.map((shown) => [shown, 0]));
  for (const agent of Object.values(state.agents)) {
    const shown = shownState(agent);
    found.set(shown, (found.get(shown) ?? 0) + 1);
  }
  return [...found].filter(([, number]) => number > 0);
}

/** When an agent is due next in Unix seconds; null where it is not, or nobody knows. */
export function nextRun(agent) {
  const { hub } = state;
  if (!hub || hub.state === "ON" || ["stopped", "refused"].includes(agent.state)) return null;
  return agent.interval === null ? nextOfCalendar(agent.at) : nextDue(agent, hub);
}

/** The hub's due rule, in whole ticks: at the offset, and every interval after it. */
function nextDue({ interval, offset }, { tick, ticks, timestamp }) {
  if (!interval || !tick) return null;
  const [every, first] = [Math.max(1, Math.round(interval / tick)), Math.round((offset ?? 0) / tick)];
  const passed = Math.max(0, Math.floor((now() - timestamp) / tick));
  const from = ticks + passed;
  const due = from <= first ? first : first + Math.ceil((from - first) / every) * every;
  return timestamp + (due - ticks) * tick;
}

/** The next time of "HH:MM" or "D HH:MM" in UTC. */
function nextOfCalendar(at) {
  const [, day, hour, minute] = /^(?:(\d+) )?(\d+):(\d+)/.exec(at ?? "") ?? [];
  if (hour === undefined) return null;
  const found = new Date(now() * 1000);
  found.setUTCHours(hour, minute, 0, 0);
  if (day) found.setUTCDate(day);
  if (found / 1000 <= now()) day ? found.setUTCMonth(found.getUTCMonth() + 1) : found.setUTCDate(found.getUTCDate() + 1);
  return found / 1000;
}

/** What there is to say of an agent, in one line; "" where nothing. */
export function remark(agent) {
  const shown = shownState(agent);
  if (isBad(agent.state)) return agent.last_error ?? "";
  if (shown === "stale") return "No run has ended for more than ten intervals.";
  if (agent.reason) return agent.reason;
  if (agent.skipping) return `Skips: ${agent.skipping} runs were left out, since they take longer than INTERVAL.`;
  return Object.values(agent.warnings ?? {})[0] ?? (agent.pending ? "Its new code waits for the next run." : "");
}

/** The alarms that are active, those that nobody has acknowledged first. */
export function activeAlarms() {
  const active = Object.entries(state.alarms).filter(([, alarm]) => alarm.state === "alarm");
  return active.sort(([, one], [, other]) => one.acknowledged - other.acknowledged || other.since - one.since);
}
