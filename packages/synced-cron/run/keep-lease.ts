import { type Log, messageOf } from '../log';
import type { Leases } from '../store/leases';
import type { Held } from './claim';

/**
 * Renews a lease as long as its run is at work. By real timers, as it is the database's clock that it has to keep
 * ahead of.
 *
 * @returns a function that gives the lease back; if that fails, the lease runs out by itself.
 */
export function keepLease(leases: Leases, { key, token, record }: Held, log: Log): () => Promise<void> {
  let ended = false;
  let timer = setTimeout(renew, leases.leaseMs / 4);

  async function renew(): Promise<void> {
    const kept = await leases.renew(key, token).catch(error => {
      log.warn(`Can't renew the lease on "${record.name}": ${messageOf(error)}`);
      return true;
    });
    if (kept && !ended) timer = setTimeout(renew, leases.leaseMs / 4);
  }

  return async () => {
    ended = true;
    clearTimeout(timer);
    await leases.release(key, token).catch(error => {
      log.warn(`Can't give back the lease on "${record.name}": ${messageOf(error)}`);
    });
  };
}
