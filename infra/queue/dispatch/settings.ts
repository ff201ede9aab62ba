import type { Load, LoadThresholds } from '../claim/overload';

export interface DispatcherSettings {
  /** How often the queue is read when nothing announced work, in ms. Default: 1,000. */
  refreshRate?: number;
  /** How long a claimed task is this role's without a heartbeat, in ms. Default: 30,000. */
  leaseMs?: number;
  /** Default: 10,000 ms; at most a third of the lease. */
  heartbeatMs?: number;
  /** How many tasks one claim takes at most, default 500; with 1, tasks are settled one by one as well. */
  batch?: number;
  /** How many tasks this role runs at once. Default: as many as the executor takes. */
  concurrency?: number;
  /** Only tasks in memory are run (meteor-cluster's option). */
  inMemoryOnly?: boolean;
  /** Above any of these nothing of low priority starts, further above none of medium, at last none of high. */
  overload?: LoadThresholds;
  /** Allows to take over (and sign) what meteor-cluster wrote, although tasks must be signed. */
  signTakeOver?: boolean;
  /** The types that this role runs. Default: all of the catalog. */
  taskTypes?: readonly string[];
  /** For tests: what the machine's load is. */
  measureLoad?: () => Load;
}

const defaults = { refreshRate: 1_000, leaseMs: 30_000, heartbeatMs: 10_000, batch: 500, overload: {} };

export type ResolvedSettings = DispatcherSettings & typeof defaults;

/**
 * Fills in the defaults; a lease that is given alone brings a heartbeat that fits it.
 *
 * @throws RangeError where a number is out of its range, or the heartbeat too seldom for the lease.
 */
export function resolveSettings(given: DispatcherSettings = {}): ResolvedSettings {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: ResolvedSettings = { ...defaults, ...said };
  if (said.leaseMs !== undefined && said.heartbeatMs === undefined)
    settings.heartbeatMs = Math.min(defaults.heartbeatMs, settings.leaseMs / 3);
  if (said.heartbeatMs !== undefined && said.leaseMs === undefined)
    settings.leaseMs = Math.max(defaults.leaseMs, settings.heartbeatMs * 3);
  for (const name of ['refreshRate', 'leaseMs', 'heartbeatMs', 'batch', 'concurrency'] as const) {
    const value = settings[name];
    if (value !== undefined && !(value >= 1)) throw new RangeError(`${name}: ${value} is below 1`);
  }
  if (settings.heartbeatMs > settings.leaseMs / 3)
    throw new RangeError(
      `heartbeatMs: ${settings.heartbeatMs} is more than a third of leaseMs (${settings.leaseMs}): one late heartbeat would lose every task`,
    );
  return settings;
}
