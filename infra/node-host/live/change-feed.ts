import { setTimeout as pause } from 'node:timers/promises';
import { type ChangeStream, type ChangeStreamDocument, ObjectId } from 'mongodb';
import { messageOf } from '../../errors/plain-error';
import { database } from '../mongo/connection';
import type { Id } from '../mongo/selector';
import { fromMongo } from '../mongo/translate';
import type { Touched } from './stale-documents';

/** Waits (ms) between tries to open a stream while the database is away. */
const reopenAfterMs = { first: 100, most: 5_000 };

/**
 * Reports which documents of one collection have changed, by one change stream. It is only a signal: the queries read
 * the documents themselves. After a break that the driver can't bridge (history lost, collection dropped or renamed)
 * everything counts as changed.
 *
 * There is one stream per watched collection, not one for the database: otherwise each write of the task queue would
 * travel to processes that don't need it.
 */
export class ChangeFeed {
  private stream: ChangeStream | undefined;
  private stopped = false;
  /** The changes since the last report. */
  private touched: Id[] | 'everything' = [];

  constructor(
    private readonly collectionName: string,
    private readonly onChange: (touched: Touched) => void,
  ) {}

  /** Resolves when no later change will be missed. */
  async start(): Promise<void> {
    await this.open();
    void this.follow();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.stream?.close().catch(() => {});
  }

  // The stream reports all changes since a point in time that is taken first, so nobody has to wait until it is open.
  private async open(): Promise<void> {
    const { operationTime } = await database().command({ ping: 1 });
    if (this.stopped) return;
    const pipeline = [{ $project: { operationType: 1, documentKey: 1 } }];
    // A reply is gone through in one turn of the event loop: of a bulk of writes it must not hold all.
    this.stream = database()
      .collection(this.collectionName)
      .watch(pipeline, { startAtOperationTime: operationTime, batchSize: 200 });
    // The driver reports a failing `close` here too; the caller of `next` gets all important errors.
    this.stream.on('error', () => {});
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        const change = await this.stream!.next();
        this.note(touchedBy(change));
      } catch (error) {
        await this.reopen(error);
      }
    }
  }

  private async reopen(reason: unknown): Promise<void> {
    if (this.stopped) return;
    console.error(`Change stream of ${this.collectionName} ended, opening it again:`, messageOf(reason));
    await this.stream?.close().catch(() => {});
    for (let wait = reopenAfterMs.first; !this.stopped; wait = Math.min(wait * 2, reopenAfterMs.most)) {
      await pause(wait);
      try {
        await this.open();
        break;
      } catch (error) {
        console.error(`Change stream of ${this.collectionName} can't be opened yet:`, messageOf(error));
      }
    }
    this.note('everything');
  }

  /** A bulk of writes comes as thousands of changes at once: reports them together, once a turn of the event loop. */
  private note(touched: Touched): void {
    if (this.touched.length === 0) setImmediate(() => this.tell());
    if (this.touched === 'everything' || touched === 'everything') this.touched = 'everything';
    else this.touched.push(...touched);
  }

  private tell(): void {
    const { touched } = this;
    this.touched = [];
    if (!this.stopped) this.onChange(touched);
  }
}

function touchedBy(change: ChangeStreamDocument): Touched {
  const id = 'documentKey' in change ? change.documentKey?._id : undefined;
  const known = typeof id === 'string' || (id as unknown) instanceof ObjectId;
  return known ? [fromMongo<Id>(id)] : 'everything';
}
