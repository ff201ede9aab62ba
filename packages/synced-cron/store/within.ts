/** Runs a call to the database. @throws Error when the answer does not come in time: the call may still take effect. */
export type Within = <T>(call: Promise<T>) => Promise<T>;

/**
 * A call of the driver may wait for ever if its connection ends at the wrong moment, and a run whose end is not written
 * would hold its entry for as long. After the deadline the caller repeats the call, which the leases and indexes make
 * safe.
 */
export function within(ms: number): Within {
  return async call => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the database did not answer within ${ms} ms`)), ms);
    });
    return Promise.race([call, late]).finally(() => clearTimeout(timer));
  };
}
