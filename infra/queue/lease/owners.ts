import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Collection, Db } from 'mongodb';
import type { Upcoming } from '../store/task-store';

export const ownerCollectionName = 'taskOwners';

interface OwnerRecord {
  _id: string;
  host: string;
  /** Tells whether a pid can be looked up from here. */
  machine: string;
  pid: number;
  startedAt: Date;
  lastSeen: Date;
  /** After two heartbeats have been missed. By the database's clock. */
  deadAfter: Date;
}

export interface OtherOwners {
  dead: string[];
  /** When the next of those who live would have missed two heartbeats. */
  nextDeath: Upcoming | undefined;
}

/** The owners of this very process: a pid alone does not tell them from one that had the same pid before. */
const owningHere = new Set<string>();

/** The jobs roles that claim tasks: each renews its record at every heartbeat, and finds those that no longer do. */
export class Owners {
  readonly id = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  private readonly collection: Collection<OwnerRecord>;

  constructor(
    db: Db,
    private readonly heartbeatMs: number,
  ) {
    this.collection = db.collection(ownerCollectionName);
  }

  /** Says that this role lives. Returns the database's time. */
  async beat(): Promise<Date> {
    owningHere.add(this.id);
    // A tenth more than two heartbeats: one that is only just on its way is not missed.
    const deadAfter = { $add: ['$$NOW', Math.round(2.1 * this.heartbeatMs)] };
    const record = await this.collection.findOneAndUpdate(
      { _id: this.id },
      [
        {
          $set: {
            host: hostname(),
            machine: thisMachine(),
            pid: process.pid,
            startedAt: { $ifNull: ['$startedAt', '$$NOW'] },
            lastSeen: '$$NOW',
            deadAfter,
          },
        },
      ],
      { upsert: true, returnDocument: 'after' },
    );
    return record?.lastSeen ?? new Date();
  }

  async leave(): Promise<void> {
    await this.collection.deleteOne({ _id: this.id });
  }

  /** From now on nobody in this process goes by this id: where its record is still there, the others find it dead. */
  die(): void {
    owningHere.delete(this.id);
  }

  /** The other owners: who has missed two heartbeats or whose process is gone from this very machine, and who lives. */
  async findOthers(now: Date): Promise<OtherOwners> {
    const others = await this.collection
      .find({ _id: { $ne: this.id } })
      .sort({ deadAfter: 1 })
      .limit(1_000)
      .toArray();
    const dead = others.filter(owner => owner.deadAfter < now || isGone(owner));
    const next = others.find(owner => !dead.includes(owner));
    return { dead: dead.map(({ _id }) => _id), nextDeath: next && { id: next._id, date: next.deadAfter } };
  }

  /** Forgets a dead owner, when its tasks have been taken care of. Not where it has come back meanwhile. */
  async forget(id: string, now: Date): Promise<void> {
    const record = await this.collection.findOne({ _id: id });
    if (record && (record.deadAfter < now || isGone(record)))
      await this.collection.deleteOne({ _id: id, deadAfter: record.deadAfter });
  }
}

function isGone({ _id, machine, pid }: OwnerRecord): boolean {
  if (machine !== thisMachine() || owningHere.has(_id)) return false;
  return pid === process.pid || !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

let machine: string | undefined;

/** Equal for two processes that see each other's pids: same host, same boot, same pid namespace. */
function thisMachine(): string {
  machine ??= createHash('sha256')
    .update([hostname(), bootId(), pidNamespace()].join('\n'))
    .digest('base64url')
    .slice(0, 16);
  return machine;
}

/** Where the system does not tell, nobody is found dead by pid. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  } catch {
    return randomBytes(16).toString('hex');
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
