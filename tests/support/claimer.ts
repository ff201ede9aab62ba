import { Claimer, type ClaimerOptions } from '../../infra/queue/claim/claimer';
import { RateGrants } from '../../infra/queue/claim/rate-grants';
import { DatabaseGuard } from '../../infra/queue/store/database-guard';
import { RateLimits } from '../../infra/queue/store/rate-limits';
import type { TestQueue } from './queue';

/** A claimer of this queue's tasks beside its roles, with room for all that it asks for. */
export function claimerOf({ queue: { core } }: TestQueue, special: Partial<ClaimerOptions> = {}): Claimer {
  return new Claimer(core.store, {
    core,
    owner: 'me',
    leaseMs: 30_000,
    rates: new RateGrants(new RateLimits(core.db), core, new DatabaseGuard(core.emit, () => {})),
    countRunning: () => 0,
    fitting: taskTypes => taskTypes.length,
    onRateLimited: () => {},
    lineUp: async () => true,
    ...special,
  });
}
