/** Questions to the server. */

/** What the server refuses, as a sentence; `status` is that of HTTP, 0 where nobody answers. */
export class Refused extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

const LIMIT = 15_000;

/** The answer of the server as JSON; raises Refused. */
export async function fetchJson(path, options = {}) {
  const answer = await request(path, options);
  const body = await answer.json().catch((error) => {
    if (options.signal?.aborted) throw error;
    throw new Refused(`The web server answers ${answer.status} without JSON.`, answer.status);
  });
  if (!answer.ok) throw new Refused(body.error ?? `The web server answers ${answer.status}.`, answer.status);
  return body;
}

/** The answer of the server as text, such as HTML; raises Refused. */
export async function fetchText(path, options = {}) {
  const answer = await request(path, options);
  if (answer.ok) return answer.text();
  const { error } = await answer.json().catch(() => ({}));
  throw new Refused(error ?? `The web server answers ${answer.status}.`, answer.status);
}

/** Ask; `patience` in milliseconds. */
async function request(path, { patience = LIMIT, signal, ...options }) {
  const limit = AbortSignal.timeout(patience);
  try {
    return await fetch(path, { ...options, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused("The web server does not answer; look whether `warden web` runs.", 0);
  }
}

/** Send something as JSON; raises Refused. */
export function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return fetchJson(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** A path with a query; what is undefined or "" is left out, and a list gives several. */
export function query(path, said) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) {
    for (const each of [value].flat()) if (each !== undefined && each !== "") found.append(name, each);
  }
  return `${path}?${found}`;
}
