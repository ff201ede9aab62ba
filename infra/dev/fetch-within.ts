/**
 * The result of `read` for the answer at `url`. The promise always settles: if a connection closes right after it
 * opens, Node's own `fetch` may wait for ever, and an `AbortSignal.timeout` does not keep the process alive: it would
 * exit silently with code 0.
 */
export async function fetchWithin<T>(
  ms: number,
  url: string,
  init: RequestInit,
  read: (response: Response) => T | Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await read(await fetch(url, { ...init, signal: late.signal }));
  } finally {
    clearTimeout(timer);
  }
}
