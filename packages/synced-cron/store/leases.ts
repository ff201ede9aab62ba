import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Collection } from 'mongodb';
import { isDuplicateKey } from './errors';
import type { Within } from './within';

/** A run that is at work. While its process lives, `until` keeps ahead of the database's clock. */
export interface Lease {
  /** The entry's name; for entries whose runs may overlap, one run of it. */
  _id: string;
  name: string;
  intendedAt: Date;
  /** Changes with each owner: a process with an old token owns the lease no more. */
  token: string;
  /** `host:pid`, for people. */
  owner: string;
  since: Date;
  until: Date;
}

/** A lease as it was found, judged by the database's clock. */
export interface SeenLease extends Lease {
  expired: boolean;
  heldMs: number;
}

export interface LeaseRequest {
  key: string;
  name: string;
  intendedAt: Date;
}

/**
 * At most one owner for each key. All times are the database's, so that no wrong clock frees or keeps a lease. A
 * process that dies stops renewing, and others may take its leases `leaseMs` after its last sign of life.
 */
export class Leases {
  private readonly owner = `${hostname()}:${process.pid}`;

  constructor(
    private readonly collection: Collection<Lease>,
    readonly leaseMs: number,
    private readonly within: Within,
  ) {}

  /** After a day, leases of entries that no process has any more expire. */
  async ensureIndexes(): Promise<void> {
    await this.within(this.collection.createIndex({ until: 1 }, { expireAfterSeconds: 86_400 }));
  }

  /** @returns the token, or undefined when the key is taken (by a live owner or a dead one) */
  async acquire({ key, name, intendedAt }: LeaseRequest): Promise<string | undefined> {
    const token = randomUUID();
    try {
      // The token is new, so this matches nothing and inserts; a key that is taken is then a duplicate.
      await this.within(
        this.collection.updateOne({ _id: key, token }, [this.ownership(name, intendedAt)], { upsert: true }),
      );
      return token;
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  async look(key: string): Promise<SeenLease | undefined> {
    const [lease] = await this.judged({ _id: key });
    return lease;
  }

  /** The leases of dead processes on any of these entries. */
  async expired(names: string[]): Promise<SeenLease[]> {
    const leases = await this.judged({ name: { $in: names } });
    return leases.filter(({ expired }) => expired);
  }

  /** @returns false if another process has the lease now */
  async renew(key: string, token: string): Promise<boolean> {
    const result = await this.within(this.collection.updateOne({ _id: key, token }, [{ $set: { until: this.end() } }]));
    return result.matchedCount === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.within(this.collection.deleteOne({ _id: key, token }));
  }

  /**
   * Takes an expired lease over, for the same run of the entry.
   *
   * @returns the new token, or undefined if another process was first or the owner lives after all
   */
  takeOver({ _id, token, name, intendedAt }: Lease): Promise<string | undefined> {
    const expired = { $expr: { $lte: ['$until', '$$NOW'] } };
    return this.replace({ _id, token, ...expired }, name, intendedAt);
  }

  /** Takes a live lease away, for another run: its owner has had its time. */
  displace({ _id, token, name }: Lease, intendedAt: Date): Promise<string | undefined> {
    return this.replace({ _id, token }, name, intendedAt);
  }

  private async replace(filter: object, name: string, intendedAt: Date): Promise<string | undefined> {
    const token = randomUUID();
    const result = await this.within(
      this.collection.updateOne(filter, [{ $set: { token } }, this.ownership(name, intendedAt)]),
    );
    return result.matchedCount === 1 ? token : undefined;
  }

  private ownership(name: string, intendedAt: Date) {
    // Literal: a name that begins with a dollar would be read as a field.
    return { $set: { name: { $literal: name }, intendedAt, owner: this.owner, since: '$$NOW', until: this.end() } };
  }

  private end() {
    return { $add: ['$$NOW', this.leaseMs] };
  }

  private judged(filter: object): Promise<SeenLease[]> {
    const expired = { $lte: ['$until', '$$NOW'] };
    const heldMs = { $subtract: ['$$NOW', '$since'] };
    const leases = this.collection.aggregate<SeenLease>([{ $match: filter }, { $set: { expired, heldMs } }]);
    return this.within(leases.toArray());
  }
}
