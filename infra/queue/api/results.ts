import type { ChangeStream } from 'mongodb';
import { fromNowOn, hasChangeStreams } from '../../database';
import { show } from '../../errors/plain-error';
import { Coalesced } from '../../timing/coalesced';
import { timerMs } from '../../timing/timer-ms';
import { finishedStates, isLive, type Task, type TaskError, type TaskState } from '../model/task';
import { isDatabaseAway } from '../store/database-errors';
import { parseId } from './find-tasks';
import type { QueueCore } from './queue-core';

export interface ResultOptions {
  /** How long to wait for the end of the task. Default: 30 s. */
  timeoutMs?: number;
}

/** What `result` waited for has ended, and there is no result: `state` says how, `error` why. */
export class TaskNotDoneError extends Error {
  override readonly name = 'TaskNotDoneError';
  constructor(
    readonly taskId: string,
    readonly state: TaskState,
    readonly error: TaskError | undefined,
  ) {
    super(`task "${taskId}" is ${state}${error ? `: ${error.name}: ${error.message}` : ''}`);
  }
}

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

const defaultTimeoutMs = 30_000;
/** The net beneath the change stream; without one, what tells. */
const pollMs = { beside: 10_000, alone: 500 };
const maxAwaitTimeMS = 10_000;

const endings = [
  { 'updateDescription.updatedFields.state': { $in: [...finishedStates] } },
  { operationType: { $in: ['replace', 'delete'] } },
];
const pipeline = [{ $match: { $or: endings } }, { $project: { operationType: 1, documentKey: 1 } }];

/**
 * Waits for the ends of tasks, in any role: by what this role hears itself, by one change stream for all that wait, and by
 * a slow poll beneath. While nobody waits, there is neither.
 */
export class Results {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly heard = new Set<string>();
  private stream: ChangeStream<Task> | undefined;
  private following: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly looks = new Coalesced(
    () => this.look(),
    () => this.heard.size > 0,
  );
  private stopListening: (() => void)[] = [];

  constructor(private readonly core: () => QueueCore) {}

  /** @throws TaskNotDoneError, a TimeoutError, or an Error where there is no such task (any more). */
  async wait(id: string, { timeoutMs = defaultTimeoutMs }: ResultOptions = {}): Promise<unknown> {
    parseId(id, 'result');
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
      throw new TypeError(`result: timeoutMs: ${show(timeoutMs)} is not a number of milliseconds`);
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = Object.assign(new Error(`result: task "${id}" has not ended within ${timeoutMs} ms`), {
      name: 'TimeoutError',
    });
    try {
      return await new Promise<unknown>((resolve, reject) => {
        timer = setTimeout(() => reject(late), timerMs(timeoutMs));
        waiter = { resolve, reject };
        this.join(id, waiter);
      });
    } finally {
      clearTimeout(timer);
      if (waiter) this.leave(id, waiter);
    }
  }

  private join(id: string, waiter: Waiter): void {
    const isFirst = this.waiters.size === 0;
    this.waiters.set(id, (this.waiters.get(id) ?? new Set()).add(waiter));
    if (isFirst) this.open();
    this.lookAt(id);
  }

  private leave(id: string, waiter: Waiter): void {
    const ofTask = this.waiters.get(id);
    ofTask?.delete(waiter);
    if (ofTask?.size === 0) this.waiters.delete(id);
    if (this.waiters.size === 0) this.close();
  }

  private open(): void {
    const { events } = this.core();
    const hear = ({ task }: { task: Task }) => this.lookAt(task._id);
    this.stopListening = (['done', 'error', 'cancelled'] as const).map(name => events.on(name, hear));
    this.poll(pollMs.alone);
    this.follow();
  }

  private close(): void {
    for (const stop of this.stopListening) stop();
    clearTimeout(this.timer);
    void this.stream?.close().catch(() => {});
    this.stream = undefined;
  }

  /** Until there is a stream, and where there is none, the poll alone tells, and it opens another one: once at a time. */
  private follow(): void {
    this.following ??= this.openStream()
      .catch(() => {})
      .finally(() => {
        this.following = undefined;
      });
  }

  private async openStream(): Promise<void> {
    const { db, store } = this.core();
    const isWanted = () => !this.stream && this.waiters.size > 0;
    if (!(await hasChangeStreams(db)) || !isWanted()) return;
    const from = await fromNowOn(db);
    if (!isWanted()) return;
    const stream = store.collection.watch<Task>(pipeline, { maxAwaitTimeMS, ...from });
    this.stream = stream;
    stream.on('change', change => 'documentKey' in change && this.lookAt(String(change.documentKey._id)));
    const lost = () => {
      if (this.stream === stream) this.stream = undefined;
      void stream.close().catch(() => {});
    };
    stream.on('error', lost);
    stream.on('close', lost);
    this.lookAtAll();
  }

  private poll(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.lookAtAll();
      if (!this.stream) this.follow();
      this.poll(this.stream ? pollMs.beside : pollMs.alone);
    }, ms);
  }

  private lookAtAll(): void {
    for (const id of this.waiters.keys()) this.lookAt(id);
  }

  /** What is heard together is asked together. */
  private lookAt(id: string): void {
    if (!this.waiters.has(id)) return;
    this.heard.add(id);
    this.looks.soon();
  }

  private async look(): Promise<void> {
    const ids = [...this.heard];
    this.heard.clear();
    const { memory, store } = this.core();
    try {
      const found = await store.find({ _id: { $in: ids } });
      const byId = new Map(found.map(task => [task._id, task]));
      for (const id of ids) this.tell(id, memory.get(id) ?? byId.get(id));
    } catch (error) {
      // The poll asks again.
      if (!isDatabaseAway(error)) for (const id of ids) this.each(id, waiter => waiter.reject(error as Error));
    }
  }

  private tell(id: string, task: Task | undefined): void {
    if (task && isLive(task)) return;
    if (task?.state === 'done') this.each(id, waiter => waiter.resolve(task.result));
    else if (task) this.each(id, waiter => waiter.reject(new TaskNotDoneError(id, task.state, task.error)));
    else this.each(id, waiter => waiter.reject(new Error(isGone(id))));
  }

  private each(id: string, tell: (waiter: Waiter) => void): void {
    for (const waiter of this.waiters.get(id) ?? []) tell(waiter);
  }
}

const isGone = (id: string) =>
  `result: there is no task "${id}"; it is not there yet, its retention is over, or its type keeps nothing (retention: { done: 0 })`;
