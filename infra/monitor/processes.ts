import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Collection, Db } from 'mongodb';
import { Repeated } from '../timing/repeated';
import { withTimeout } from '../timing/with-timeout';
import type { Emit } from './events';

/** The entry of a process in the collection `processes`, so that either role can list them all. */
export interface ProcessRecord {
  _id: string;
  role: string;
  host: string;
  pid: number;
  version: string;
  commit: string;
  startedAt: Date;
  /** By the database's clock. */
  lastSeen: Date;
  /** The same moment by its own clock: how wrong that is. */
  clock?: Date;
  state: string;
  /** Its event loop, memory, workers and so on, as of `lastSeen`. */
  details: Record<string, unknown>;
}

export interface ProcessIdentity {
  role: string;
  version: string;
  commit: string;
}

interface RegistryOptions {
  db: Db;
  identity: ProcessIdentity;
  emit: Emit;
  /** Called at each heartbeat. */
  describe: () => { state: string; details: Record<string, unknown> };
  heartbeatMs?: number;
}

/** After this time the records of killed processes expire. */
const goneAfterSeconds = 3_600;

/** Registers this process, renews its entry, and removes it at the stop. */
export class ProcessRegistry {
  readonly id = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
  private readonly collection: Collection<ProcessRecord>;
  private readonly startedAt = new Date();
  private readonly heartbeatMs: number;
  private readonly beats: Repeated;
  private failing = false;

  constructor(private readonly options: RegistryOptions) {
    this.collection = options.db.collection('processes');
    this.heartbeatMs = options.heartbeatMs ?? 5_000;
    this.beats = new Repeated(this.heartbeatMs, () => this.beat());
  }

  async start(): Promise<void> {
    await this.write();
    this.beats.startLater();
  }

  async ensureIndexes(): Promise<void> {
    await this.collection.createIndex({ lastSeen: 1 }, { expireAfterSeconds: goneAfterSeconds });
  }

  async stop(): Promise<void> {
    await this.beats.stop();
    const gone = this.collection.deleteOne({ _id: this.id });
    await withTimeout(this.heartbeatMs, gone, () => new Error('no answer')).catch(() => {});
  }

  /** Processes that were seen within three heartbeats, by the database's clock. A bounded query. */
  async list(): Promise<ProcessRecord[]> {
    const livingSince = { $subtract: ['$$NOW', 3 * this.heartbeatMs] };
    return this.collection
      .find({ $expr: { $gte: ['$lastSeen', livingSince] } })
      .sort({ role: 1, startedAt: 1, _id: 1 })
      .limit(500)
      .toArray();
  }

  /**
   * Whether this process reports what is the same in all of them: the jobs role that has lived longest does, or a web role
   * where no jobs role lives.
   */
  async isReporter(): Promise<boolean> {
    const [first] = await this.list();
    return first?._id === this.id;
  }

  private beat(): Promise<void> {
    return this.write().then(
      () => this.succeeded(),
      error => this.failed(error),
    );
  }

  private async write(): Promise<void> {
    const { role, version, commit } = this.options.identity;
    const { state, details } = this.options.describe();
    const written = this.collection.updateOne(
      { _id: this.id },
      {
        $set: {
          role,
          version,
          commit,
          host: hostname(),
          pid: process.pid,
          startedAt: this.startedAt,
          clock: new Date(),
          state,
          details,
        },
        $currentDate: { lastSeen: true },
      },
      { upsert: true },
    );
    await withTimeout(this.heartbeatMs, written, () => new Error(`no answer in ${this.heartbeatMs} ms`));
  }

  private succeeded(): void {
    this.failing = false;
  }

  /** Logged once per outage: a database that is away for an hour gives one line, not a thousand. */
  private failed(error: unknown): void {
    if (!this.failing) this.options.emit('processes.failed', { error });
    this.failing = true;
  }
}

/** The task types that no living role takes: their tasks wait. */
export function untakenTypes(
  living: readonly Pick<ProcessRecord, 'details'>[],
  taskTypes: readonly string[],
): string[] {
  const taken = new Set(living.flatMap(({ details }) => (details.taskTypes as string[] | undefined) ?? []));
  return taskTypes.filter(taskType => !taken.has(taskType));
}

/** What the register says of a living jobs role. */
export interface LivingRole {
  taskTypes: readonly string[];
  /** How many tasks it runs at once. */
  slots: number;
  /** Its machine is overloaded: it starts nothing below this priority. */
  minPriority?: number;
}

/** The jobs roles among the living processes: those that take any task type. As of their last heartbeat. */
export function livingRoles(living: readonly Pick<ProcessRecord, 'details'>[]): LivingRole[] {
  const roles = living.map(({ details }) => details as Partial<LivingRole>);
  return roles.flatMap(({ taskTypes = [], slots = 0, minPriority }) =>
    taskTypes.length === 0 ? [] : { taskTypes, slots, ...(typeof minPriority === 'number' && { minPriority }) },
  );
}
