import type { AnyBulkWriteOperation, Collection, Db, Document } from 'mongodb';
import { type RateWindow, timeOf } from '../../catalog';
import { newToken } from '../model/ids';
import { controlCollectionName } from './control';
import {
  afterDeathOf,
  afterLess,
  beginning,
  type Granted,
  renewal,
  reservation,
  reservationInLine,
  type Wanted,
} from './rate-pipelines';

/** What has been taken from one rate, as far as it counts. */
interface RateLog {
  _id: string;
  /** Starts that were granted, and of which nobody has said yet that they have begun. */
  pending?: { grant: string; count: number; until: Date; owner?: string }[];
  /** Starts that have begun, together where they began close to each other. They count until `until`. */
  begun?: { since: Date; count: number; until: Date }[];
  /** Who waits for a turn, the first one first; an entry that is not renewed ends at `until`. */
  line?: { grant: string; until: Date }[];
  /** The span of the rate, in ms. */
  per?: number;
  /** Nothing in it counts any more then: a TTL index removes it. */
  expiresAt: Date;
  now: Date;
}

/** How many starts were granted, and when there may be more. */
export interface Grant extends Pick<Wanted, 'name' | 'window'> {
  id: string;
  granted: number;
  next: Date;
}

/** How much of a rate counts now, and when the first of it counts no longer. */
export interface RateUse {
  used: number;
  until: Date;
}

/** How soon to look again where all that is in the way has not begun yet. */
const lookAgainMs = 50;

/**
 * Rates over all roles, by the database's clock: a log of starts for each.
 *
 * In no span of `per` ms begin more than `max`, however long it takes from the grant to the start: a start counts from
 * when it is granted, and for a whole span from when it has begun.
 */
export class RateLimits {
  private readonly logs: Collection<RateLog>;

  /** @param owner for whom starts are reserved, by its name in `taskOwners`. */
  constructor(
    db: Db,
    private readonly owner?: string,
  ) {
    this.logs = db.collection(controlCollectionName);
  }

  /** What removes the logs of keys that nobody uses any more. */
  async ensureIndexes(): Promise<void> {
    await this.logs.createIndexes([{ name: 'rates', key: { expiresAt: 1 }, expireAfterSeconds: 0 }]);
  }

  /**
   * Asks for starts of some rates; gets as many of each as there are. Each is atomic between roles.
   *
   * @param id of the grants: by it they can be given back also where no reply has come.
   */
  async reserve(wanted: readonly Wanted[], id = newToken()): Promise<Grant[]> {
    const [only, ...others] = wanted;
    if (!only) return [];
    if (others.length === 0) return [await this.reserveOne(only, id, reservation(id, only, this.owner))];
    await this.logs.bulkWrite(wanted.map(one => upsert(one.name, reservation(id, one, this.owner))));
    const logs = await this.logs.find({ _id: { $in: wanted.map(({ name }) => idOf(name)) } }).toArray();
    const byId = new Map(logs.map(log => [log._id, log]));
    return wanted.map(({ name, window }) => grantOf(byId.get(idOf(name)), id, name, window));
  }

  /**
   * The same of one rate, first come first served over all roles: nothing as long as somebody waits in front, or less
   * than `least` is left.
   *
   * @param id of the one that waits; to be asked again with until it is granted, or `release`d.
   */
  reserveInLine(wanted: Wanted & { least: number }, id: string): Promise<Grant> {
    return this.reserveOne(wanted, id, reservationInLine(id, wanted));
  }

  private async reserveOne({ name, window }: Wanted, id: string, pipeline: Document[]): Promise<Grant> {
    const log = await this.logs.findOneAndUpdate({ _id: idOf(name) }, pipeline, {
      upsert: true,
      returnDocument: 'after',
    });
    return grantOf(log ?? undefined, id, name, window);
  }

  /** How much of some rates is used, as far as anybody can tell now; of those that are not used nothing is said. */
  async look(names: readonly string[], now: Date): Promise<Map<string, RateUse>> {
    const logs = await this.logs.find({ _id: { $in: names.map(idOf) } }).toArray();
    return new Map(logs.map(log => [log._id.slice(prefix.length), useOf(log, now)]));
  }

  /** Some of what was granted has begun by now. */
  async begun(some: readonly Granted[]): Promise<void> {
    await this.write(some, beginning, true);
  }

  /** Some of what was granted will not begin. */
  async release(some: readonly Granted[]): Promise<void> {
    await this.write(some, afterLess);
  }

  /** These have still to begin: what was granted for them counts on. */
  async renew(some: readonly Granted[]): Promise<void> {
    await this.write(some, renewal);
  }

  /** These owners are dead: what was granted to them counts for one span from now. */
  async ownersDied(owners: readonly string[]): Promise<void> {
    await this.logs.updateMany({ 'pending.owner': { $in: [...owners] } }, afterDeathOf(owners));
  }

  private async write(some: readonly Granted[], change: (one: Granted) => Document[], upserts = false): Promise<void> {
    if (some.length === 0) return;
    const operations = some.map(one => upsert(one.name, change(one), upserts));
    await this.logs.bulkWrite(operations, { ordered: false });
  }
}

const prefix = 'rate:';
const idOf = (name: string) => `${prefix}${name}`;

function upsert(name: string, update: Document[], isUpsert = true): AnyBulkWriteOperation<RateLog> {
  return { updateOne: { filter: { _id: idOf(name) }, update, upsert: isUpsert } };
}

function grantOf(log: RateLog | undefined, id: string, name: string, window: RateWindow): Grant {
  if (!log) throw new Error(`no log of the rate of ${name}, although it was to be made`);
  const granted = log.pending?.find(({ grant }) => grant === id)?.count ?? 0;
  return { id, name, window, granted, next: log.begun?.[0]?.until ?? new Date(log.now.getTime() + lookAgainMs) };
}

function useOf({ pending, begun }: RateLog, now: Date): RateUse {
  const counting = stillCounting(begun, now);
  return {
    used: [...counting, ...stillCounting(pending, now)].reduce((sum, { count }) => sum + count, 0),
    until: counting[0]?.until ?? new Date(now.getTime() + lookAgainMs),
  };
}

/** Somebody else may have written anything there. */
function stillCounting<One extends { count: number; until: Date }>(list: readonly One[] | undefined, now: Date): One[] {
  if (!Array.isArray(list)) return [];
  return list.filter((one: One | null) => timeOf(one?.until) > now.getTime() && typeof one?.count === 'number');
}
