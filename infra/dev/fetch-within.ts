/**
 * What `read` makes of the answer at `url`; it surely settles. A connection that is closed as soon as it stands can leave
 * Node's own `fetch` waiting for ever, and nothing then keeps the process alive until an `AbortSignal.timeout`: it would
 * end, in silence and with exit code 0.
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
