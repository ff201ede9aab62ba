import type { ChangeStream, ChangeStreamDocument, Db } from 'mongodb';
import { fromNowOn, hasChangeStreams } from '../../database';
import type { Task } from '../model/task';
import { controlCollectionName } from '../store/control';
import type { DatabaseGuard } from '../store/database-guard';
import type { Standing } from '../store/queue-heads';
import type { Upcoming, WatchedDeadline } from '../store/task-store';
import { changePipeline, drops, fieldsOf } from './queue-changes';

/** What the database tells of what other processes did. */
export interface ChangeListener {
  /** A task has become queued: there may be work. Its place is known where it has just been added. */
  queued(task: Partial<Standing>): void;
  /** A task waits for others, or for a slot. */
  waits(task: Pick<Task, 'waitsFor' | 'limitKey' | 'after' | 'afterBatch'>): void;
  scheduled(upcoming: Upcoming): void;
  /** A task with a deadline has been added. */
  deadline(task: WatchedDeadline): void;
  /** The due date or the deadline of a task has changed. */
  datesChanged(): void;
  cancelRequested(id: string): void;
  /** The tasks' collection was dropped or renamed, or the whole database was. */
  dropped(): void;
  /** Pauses have changed. */
  control(): void;
  /** From now on changes are told; what happened before must be read. */
  opened(): void;
  /** The database is stand-alone and has no change streams: polling does it. */
  unsupported(): void;
}

/** A getMore comes back empty after this time: what an idle role costs. */
const maxAwaitTimeMS = 10_000;
const reopenAfterMs = 1_000;

/**
 * The wake-up by change stream. While the dispatcher has its hands full it `rests`: a stream that tells of each of
 * 5,000 tasks a second would cost more than the claims. Without a replica set there is none, and polling does it.
 */
export class ChangeWatch {
  private stream: ChangeStream | undefined;
  private opening: object | undefined;
  private supported = false;
  private stopped = false;
  private wanted = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Db,
    private readonly collectionName: string,
    private readonly listener: ChangeListener,
    private readonly guard: DatabaseGuard,
  ) {}

  /** Opens the stream, where the database has any. Where the database is away, it is asked again and again. */
  async start(): Promise<void> {
    const supported = await this.guard.attempt('change stream', () => hasChangeStreams(this.db));
    if (this.stopped) return;
    if (supported === undefined) this.timer = setTimeout(() => this.start(), reopenAfterMs);
    else if (supported) this.supported = true;
    else this.listener.unsupported();
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.supported = false;
    await this.close();
  }

  /** Whether changes are told, or will be in a moment. */
  get isAwake(): boolean {
    return this.wanted;
  }

  /** Whether changes are told now. */
  get isOpen(): boolean {
    return this.stream !== undefined;
  }

  /** Closes the stream until `wake`. */
  rest(): void {
    if (this.wanted) void this.close();
  }

  wake(): void {
    if (!this.supported || this.wanted) return;
    this.wanted = true;
    void this.open();
  }

  private async open(): Promise<void> {
    const opening = {};
    this.opening = opening;
    const from = await this.guard.attempt('change stream', () => fromNowOn(this.db));
    if (this.opening !== opening || !this.wanted) return;
    if (!from) {
      this.reopenLater();
      return;
    }
    this.listen(this.db.watch(changePipeline(this.collectionName), { maxAwaitTimeMS, ...from }));
    this.listener.opened();
  }

  private listen(stream: ChangeStream): void {
    this.stream = stream;
    stream.on('change', change => this.tell(change));
    // The driver resumes by itself where it can; a stream that ends is opened afresh, and the queue read again.
    stream.on('error', error => this.reopen(stream, error));
    stream.on('close', () => this.reopen(stream));
  }

  private reopen(stream: ChangeStream, error?: unknown): void {
    if (this.stream !== stream) return;
    this.stream = undefined;
    if (error) this.guard.failed('change stream', error);
    void stream.close().catch(() => {});
    this.reopenLater();
  }

  private reopenLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.wanted && !this.stream) void this.open();
    }, reopenAfterMs);
  }

  private async close(): Promise<void> {
    this.wanted = false;
    this.opening = undefined;
    clearTimeout(this.timer);
    const { stream } = this;
    this.stream = undefined;
    await stream?.close().catch(() => {});
  }

  private tell(change: ChangeStreamDocument): void {
    const inDatabase = 'ns' in change && 'coll' in change.ns ? change.ns.coll : undefined;
    if (inDatabase === controlCollectionName) this.listener.control();
    else if (drops.includes(change.operationType)) this.listener.dropped();
    else if (inDatabase !== undefined) this.tellOfTask(change);
  }

  private tellOfTask(change: ChangeStreamDocument): void {
    const id = 'documentKey' in change ? String(change.documentKey._id) : '';
    const fields = fieldsOf(change);
    if (fields.state === 'queued') this.listener.queued(fields);
    if (fields.state === 'waiting') this.listener.waits(fields);
    if (fields.state === 'scheduled' && fields.dueDate) this.listener.scheduled({ id, date: fields.dueDate });
    if (fields.cancelRequested) this.listener.cancelRequested(id);
    if (fields.taskType && fields.deadlineWatch) this.listener.deadline({ _id: id, ...fields } as WatchedDeadline);
    if (fields.state === undefined && (fields.dueDate || fields.deadline)) this.listener.datesChanged();
  }
}
