import { setTimeout as wait } from 'node:timers/promises';
import { type ChangeStreamDocument, type Document, MongoClient, type ResumeToken } from 'mongodb';
import type { Task } from '../../../../infra/queue/model/task';
import { eventually } from '../../../support/eventually';

const watched = ['state', 'token', 'owner', 'attempt', 'uniqueKey', 'createdAt', 'catalogVersion', 'limitKey'] as const;
type Watched = (typeof watched)[number];

/** What one write has changed in a task. */
export interface Change {
  id: string;
  /** The whole task was written: it is new, or another one in the place of a finished one. */
  whole: boolean;
  gone?: boolean;
  set: Partial<Pick<Task, Watched>>;
  unset: Watched[];
}

const marks = 'witnessMarks';

/** Watches the queue from outside by a change stream of its own, over every fault of the database. */
export class Witness {
  readonly changes: Change[] = [];
  private readonly client: MongoClient;
  private readonly marksSeen = new Set<string>();
  private resumeAfter: ResumeToken | undefined;
  private watching: Promise<void> | undefined;
  private stopped = false;

  /** @param url of the database itself, not of a proxy before it. */
  constructor(url: string) {
    this.client = new MongoClient(url, { serverSelectionTimeoutMS: 2_000, appName: 'witness' });
  }

  async start(): Promise<this> {
    let opened = () => {};
    const open = new Promise<void>(resolve => {
      opened = resolve;
    });
    this.watching = this.watch(opened);
    await open;
    return this;
  }

  /** Resolves when it has seen all that was written before this call. */
  async catchUp(): Promise<void> {
    const mark = `mark ${this.marksSeen.size} ${Math.random()}`;
    await eventually(() => this.client.db().collection<{ _id: string }>(marks).insertOne({ _id: mark }), {
      timeoutMs: 60_000,
    });
    await eventually(() => this.marksSeen.has(mark), { timeoutMs: 120_000 });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client.close();
    await this.watching;
  }

  private async watch(opened: () => void): Promise<void> {
    while (!this.stopped) {
      try {
        await this.watchUntilItBreaks(opened);
      } catch {
        await wait(200); // the database is away: it goes on where it was
      }
    }
  }

  private async watchUntilItBreaks(opened: () => void): Promise<void> {
    const resume = this.resumeAfter ? { resumeAfter: this.resumeAfter } : {};
    // Over all databases: a role may keep its queue in one of its own.
    const stream = this.client.watch([], { maxAwaitTimeMS: 500, ...resume });
    try {
      // The first look fixes where the stream begins.
      for (let first = true; !this.stopped; first = false) {
        const change = await stream.tryNext();
        this.resumeAfter = stream.resumeToken ?? this.resumeAfter;
        if (change) this.see(change);
        if (first) opened();
      }
    } finally {
      await stream.close().catch(() => {});
    }
  }

  private see(change: ChangeStreamDocument): void {
    if (!('documentKey' in change) || !('ns' in change)) return;
    const id = String((change.documentKey as { _id: unknown })._id);
    if (change.ns.coll === marks) this.marksSeen.add(id);
    if (change.ns.coll === 'taskQueue') this.changes.push(asChange(id, change));
  }
}

function asChange(id: string, change: ChangeStreamDocument): Change {
  if (change.operationType === 'delete') return { id, whole: true, gone: true, set: {}, unset: [] };
  if (change.operationType === 'update') {
    const { updatedFields = {}, removedFields = [] } = change.updateDescription;
    return { id, whole: false, set: pick(updatedFields), unset: watched.filter(name => removedFields.includes(name)) };
  }
  return { id, whole: true, set: pick((change as { fullDocument?: Document }).fullDocument ?? {}), unset: [] };
}

function pick(document: Document): Change['set'] {
  return Object.fromEntries(watched.filter(name => name in document).map(name => [name, document[name]]));
}
