import { setTimeout as pause } from 'node:timers/promises';
import type { ChangeStream, ChangeStreamDocument, Collection, Db } from 'mongodb';
import { fromNowOn, hasChangeStreams } from '../database';
import type { StoredSchedule } from './stored-schedule';

/** The callbacks for changes of schedules by other processes. */
export interface ScheduleListener {
  /** A schedule is due at that time. */
  due(at: Date): void;
  /** Changes are reported from now on; earlier ones must be read. */
  opened(): void;
  /** The database is stand-alone and has no change streams: poll instead. */
  unsupported(): void;
}

/** A getMore comes back empty after this time; an idle role costs one in this time. */
const maxAwaitTimeMS = 10_000;
const reopenAfterMs = 1_000;
const updatedDueAt = 'updateDescription.updatedFields.dueAt';

const pipeline = [
  { $match: { $or: [{ 'fullDocument.dueAt': { $type: 'date' } }, { [updatedDueAt]: { $type: 'date' } }] } },
  { $project: { operationType: 1, 'fullDocument.dueAt': 1, [updatedDueAt]: 1 } },
];

/** Reports schedules that were put, changed or resumed, by a change stream, while it is started. */
export class ScheduleWatch {
  private readonly stopping = new AbortController();
  private stream: ChangeStream<StoredSchedule> | undefined;
  private following: Promise<void> | undefined;

  constructor(
    private readonly db: Db,
    private readonly collection: Collection<StoredSchedule>,
    private readonly listener: ScheduleListener,
  ) {}

  start(): void {
    this.following ??= this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.stream?.close().catch(() => {});
    await this.following;
  }

  /** Opens a new stream if the database is away or has ended the old one. Others report that it is away. */
  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if ((await this.listen().catch(() => 'again')) === 'unsupported') return this.listener.unsupported();
      await pause(reopenAfterMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  private async listen(): Promise<'again' | 'unsupported'> {
    if (!(await hasChangeStreams(this.db))) return 'unsupported';
    const from = await fromNowOn(this.db);
    if (this.stopping.signal.aborted) return 'again';
    const stream = this.collection.watch(pipeline, { maxAwaitTimeMS, ...from });
    this.stream = stream;
    this.listener.opened();
    stream.on('change', change => this.tell(change));
    // Not with `for await`, which would wait for an empty answer before it ends.
    await new Promise<void>(resolve => {
      stream.on('close', resolve);
      stream.on('error', () => stream.close().then(resolve, resolve));
    });
    return 'again';
  }

  private tell(change: ChangeStreamDocument<StoredSchedule>): void {
    const whole = 'fullDocument' in change ? change.fullDocument : undefined;
    const updated = change.operationType === 'update' ? change.updateDescription.updatedFields : undefined;
    const dueAt = whole?.dueAt ?? updated?.dueAt;
    if (dueAt) this.listener.due(dueAt);
  }
}
