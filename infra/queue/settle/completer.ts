import { setTimeout as wait } from 'node:timers/promises';
import { Coalesced } from '../../timing/coalesced';
import { GrowingPause } from '../../timing/growing-pause';
import { Pace } from '../../timing/pace';
import { timerMs } from '../../timing/timer-ms';
import type { QueueCore } from '../api/queue-core';
import type { AttemptReport } from '../model/executor';
import type { Task } from '../model/task';
import { AttemptLogs } from '../store/attempt-logs';
import { type DatabaseGuard, retryPauses } from '../store/database-guard';
import { SettleError } from '../store/mongo-settle';
import type { Counted, TaskCounters } from '../store/task-counters';
import type { Settlement, TaskStore } from '../store/task-store';
import { durationOf, isHandedBack, isUnstorable, settlementOf, unstorable } from './settlement';

/** A settlement that is waiting to be written, being written, or put off. */
interface Unwritten {
  settlement: Settlement<Task>;
  store: TaskStore;
  /** When it could first have been written, by `performance.now`. */
  since: number;
}

export interface CompleterOptions {
  core: QueueCore;
  guard: DatabaseGuard;
  counters: TaskCounters;
  /** A settlement is written. */
  onSettled(settlement: Settlement<Task>, store: TaskStore): void;
  /** A settlement was void because its task had been lost. */
  onLost(tasks: Task[]): void;
  /** How many settlements one write takes at most. */
  batch?: number;
}

/** Ends that come in a row are written together: a round trip costs the database more than a task. */
const paceMs = 10;

/**
 * Writes the settlements of attempts, in batches that grow by themselves: what reports while a write is under way goes into
 * the next. What cannot be written is kept and tried again; the fence sees to it that a late write changes nothing.
 */
export class Completer {
  private readonly batch: number;
  private pending: Unwritten[] = [];
  private readonly unwritten = new Set<Unwritten>();
  private readonly flushes = new Coalesced(
    () => this.flushAll(),
    () => this.pending.length > 0,
  );
  private readonly pace = new Pace(paceMs);

  constructor(private readonly options: CompleterOptions) {
    this.batch = options.batch ?? 500;
  }

  add(report: AttemptReport, store: TaskStore, since = performance.now()): void {
    const one = { settlement: settlementOf(this.options.core, report), store, since };
    this.unwritten.add(one);
    this.enqueue(one);
  }

  get size(): number {
    return this.unwritten.size;
  }

  /** How long the oldest settlement has waited to be written, in ms; 0 where none does. */
  get oldestMs(): number {
    const oldest = Math.min(...[...this.unwritten].map(({ since }) => since));
    return this.unwritten.size === 0 ? 0 : performance.now() - oldest;
  }

  /** Resolves when everything is written, or `untilMs` have passed. */
  async drain(untilMs: number): Promise<void> {
    const giveUp = new AbortController();
    let isLate = false;
    const late = wait(timerMs(untilMs), undefined, { signal: giveUp.signal }).then(
      () => (isLate = true),
      () => {},
    );
    while (this.unwritten.size > 0 && !isLate)
      await Promise.race([this.flushes.atWork ?? wait(retryPauses.firstMs), late]);
    giveUp.abort();
  }

  /** Writes no more: the tasks whose ends are not written go to whoever takes them next. */
  abandon(): void {
    this.unwritten.clear();
    this.pending = [];
  }

  private enqueue(one: Unwritten): void {
    // It may have been abandoned while it was put off.
    if (!this.unwritten.has(one)) return;
    this.pending.push(one);
    this.flushes.soon();
  }

  private async flushAll(): Promise<void> {
    const pause = new GrowingPause(retryPauses);
    while (this.pending.length > 0) {
      if (this.isWorthWaiting()) await this.pace.next();
      const batch = this.pending.splice(0, this.batch);
      if (await this.flush(batch)) pause.reset();
      else await wait(pause.next());
    }
  }

  /** In memory a write costs nothing. */
  private isWorthWaiting(): boolean {
    const { pending, batch, options } = this;
    return pending.length < batch && pending.some(({ store }) => store === options.core.store);
  }

  /** @returns false where the batch must be tried again. */
  private async flush(batch: Unwritten[]): Promise<boolean> {
    const stores = new Set(batch.map(({ store }) => store));
    const results = await Promise.all(
      [...stores].map(store =>
        this.settle(
          store,
          batch.filter(one => one.store === store),
        ),
      ),
    );
    return results.every(Boolean);
  }

  private async settle(store: TaskStore, batch: Unwritten[]): Promise<boolean> {
    try {
      const lost = await store.settle(batch.map(({ settlement }) => settlement));
      if (store === this.options.core.store) this.options.guard.succeeded('settle');
      this.written(batch, new Set(lost));
      return true;
    } catch (error) {
      for (const { settlement } of batch) settlement.isRetried = true;
      if (error instanceof SettleError) return await this.partlyWritten(batch, error);
      this.options.guard.failed('settle', error);
      this.pending.unshift(...batch.filter(one => this.unwritten.has(one)));
      return false;
    }
  }

  /** A result that cannot be stored makes its task failed; what failed alone is tried again, alone. */
  private async partlyWritten(batch: Unwritten[], { refused, postponed, lost }: SettleError): Promise<boolean> {
    const problems = new Map([...refused, ...postponed].map(({ settlement, error }) => [settlement, error]));
    this.written(
      batch.filter(({ settlement }) => !problems.has(settlement)),
      new Set(lost),
    );
    const hopeless = new Set(refused.map(({ settlement }) => settlement));
    for (const one of batch) {
      const problem = problems.get(one.settlement);
      if (!problem) continue;
      if (!hopeless.has(one.settlement)) this.putOff(one, problem);
      else if (isUnstorable(one.settlement)) await this.setAside(one, problem);
      else this.replace(one, unstorable(one.settlement, problem));
    }
    return true;
  }

  private replace(one: Unwritten, by: AttemptReport): void {
    this.unwritten.delete(one);
    this.add(by, one.store, one.since);
  }

  /** Where not even the refusal can be written, there is nothing left but to take the document out of the way. */
  private async setAside(one: Unwritten, { name, message }: Error): Promise<void> {
    try {
      await one.store.setAside(one.settlement.task, 'running', { name, message }, this.options.core.clock.now());
      this.written([one], new Set());
    } catch (error) {
      this.putOff(one, error as Error);
    }
  }

  private putOff(one: Unwritten, problem: Error): void {
    this.options.guard.failed('settle', problem);
    setTimeout(() => this.enqueue(one), retryPauses.maxMs).unref();
  }

  private written(batch: Unwritten[], lost: ReadonlySet<string>): void {
    for (const one of batch) this.unwritten.delete(one);
    const settled = batch.filter(({ settlement }) => !lost.has(settlement.task._id));
    const tasks = batch.map(({ settlement }) => settlement.task);
    this.options.onLost(tasks.filter(({ _id }) => lost.has(_id)));
    for (const { settlement } of settled) this.count(settlement);
    this.tellOfHandedBack(settled);
    for (const { settlement, store } of settled) this.options.onSettled(settlement, store);
    this.group(settled.map(({ settlement }) => settlement));
    this.keepLogs(settled);
  }

  private tellOfHandedBack(settled: Unwritten[]): void {
    const { store, emit } = this.options.core;
    const count = settled.filter(one => one.store === store && isHandedBack(one.settlement)).length;
    if (count > 0) emit('queue.handedBack', { count });
  }

  private count(settlement: Settlement<Task>): void {
    if (isHandedBack(settlement)) return;
    const { counters } = this.options;
    const { task, transition } = settlement;
    const { state } = transition;
    if (state === 'done') counters.learnDuration(task.taskType, durationOf(settlement));
    // One that is put off has neither failed nor ended.
    const { statistics } = this.options.core;
    if (transition.snoozes !== undefined) {
      statistics.count(task.taskType, 'snoozed');
      return;
    }
    if (settlement.attempt) statistics.observe(task.taskType, 'run', durationOf(settlement));
    const what: Counted = state === 'scheduled' || state === 'queued' ? 'retried' : state;
    counters.add(task.taskType, what);
  }

  /** What is in memory is gone with its process, and its log with it. */
  private keepLogs(settled: Unwritten[]): void {
    const { store, attemptLogs, clock } = this.options.core;
    const ofStore = settled.flatMap(one => (one.store === store ? [one.settlement] : []));
    if (!ofStore.some(AttemptLogs.isConcerned)) return;
    void this.options.guard.attempt('attempt logs', () => attemptLogs.write(ofStore, clock.now()));
  }

  private group(settled: Settlement<Task>[]): void {
    const failures = settled.flatMap(({ task, transition: { error } }) => (error ? [{ task, error }] : []));
    if (failures.length === 0) return;
    const { clock, errorGroups } = this.options.core;
    const now = clock.now();
    void this.options.guard.attempt('error groups', () => errorGroups.record(failures, now));
  }
}
