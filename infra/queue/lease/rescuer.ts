import { traceLost, traceOf } from '../../tracing/tracing';
import type { QueueCore } from '../api/queue-core';
import type { InFlightTasks } from '../claim/in-flight';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import { settlementForAnother } from '../settle/settlement';
import { setAsideAndTell, withoutMalformed } from '../store/malformed';
import { SettleError } from '../store/mongo-settle';
import type { RateLimits } from '../store/rate-limits';
import type { TaskCounters } from '../store/task-counters';
import type { Settlement, TaskStore, Upcoming } from '../store/task-store';
import type { Owners } from './owners';

export interface RescuerOptions {
  core: QueueCore;
  store: TaskStore;
  owners: Owners;
  inFlight: InFlightTasks;
  counters: TaskCounters;
  rates: Pick<RateLimits, 'ownersDied'>;
  /** A task is not queued and does not run any more. */
  onLeft(task: Task): void;
  /** Tasks were put back. */
  wake(): void;
}

const batch = 500;
const pauseMs = 500;
const cannot = 'cannot be rescued';

/** Takes tasks from jobs roles that died: at once where their process is gone, else after two missed heartbeats. */
export class Rescuer {
  constructor(private readonly options: RescuerOptions) {}

  /** The tasks of owners found dead. Returns when the next owner would have missed two heartbeats. */
  async rescueFromDead(): Promise<Upcoming | undefined> {
    const { core, owners } = this.options;
    const now = core.clock.now();
    const { dead, nextDeath } = await owners.findOthers(now);
    if (dead.length > 0) await this.rescue(dead);
    if (dead.length > 0) await this.options.rates.ownersDied(dead);
    for (const id of dead) await owners.forget(id, now);
    return nextDeath;
  }

  /** The tasks whose lease is over, whoever had them. Returns when the next lease ends. */
  async rescueExpired(): Promise<Upcoming | undefined> {
    const { store, core } = this.options;
    const next = await store.nextExpiry();
    if (!next || next.date > core.clock.now()) return next;
    await this.rescue([]);
    // Our own, whose heartbeat is late, stay at the head: they are looked at again, but not without a pause.
    const after = await store.nextExpiry();
    const soon = new Date(core.clock.now().getTime() + pauseMs);
    return after && { id: after.id, date: after.date > soon ? after.date : soon };
  }

  private async rescue(dead: readonly string[]): Promise<void> {
    const { store, core } = this.options;
    for (;;) {
      const expired = await store.expired(core.clock.now(), dead, batch);
      const others = expired.filter(task => !this.isHeldHere(task));
      if (others.length === 0) return;
      // Without any of them taken, the next look would only see the same again.
      if ((await this.takeFrom(others)) === 0 || expired.length < batch) return;
    }
  }

  /** Our own are renewed by the next heartbeat; what we run is no orphan. */
  private isHeldHere(task: Task): boolean {
    return this.options.inFlight.get(task) !== undefined;
  }

  /** @returns how many have been taken. */
  private async takeFrom(expired: Task[]): Promise<number> {
    const { core, counters } = this.options;
    const tasks = await withoutMalformed(core, expired, 'running', cannot);
    const settlements = tasks.map(task => {
      const message = `its jobs role (${task.owner}) died or lost the database while it ran`;
      return settlementForAnother(core, task, { kind: 'rescued', error: { name: 'Rescued', message } }, newToken());
    });
    const lost = await this.settle(settlements);
    for (const [index, task] of tasks.entries()) {
      const settlement = settlements[index];
      if (lost.has(task._id) || !settlement) continue;
      const { _id: taskId, taskType, owner } = task;
      const { state } = settlement.transition;
      counters.add(taskType, 'rescued');
      if (state !== 'queued') this.options.onLeft({ ...task, state });
      if (state === 'failed' || state === 'cancelled') counters.add(taskType, state);
      core.emit('task.rescued', { taskType, taskId, owner, state, ...traceOf(task) });
      traceLost(task, { kind: 'rescued', error: settlement.attempt?.error }, task.claimedAt);
      core.events.tell('rescued', { ...task, state }, settlement.attempt?.error);
      if (state === 'failed') core.events.tell('error', { ...task, state }, settlement.attempt?.error);
    }
    if (tasks.length > lost.size) core.emit('queue.rescued', { count: tasks.length - lost.size });
    this.options.wake();
    return expired.length - lost.size;
  }

  /** @returns the ids of those that had been lost, or whose end the database refuses. */
  private async settle(settlements: Settlement<Task>[]): Promise<Set<string>> {
    const { core, store } = this.options;
    try {
      return new Set(await store.settle(settlements));
    } catch (error) {
      if (!(error instanceof SettleError)) throw error;
      for (const { settlement, error: why } of error.refused)
        await setAsideAndTell(core, settlement.task, 'running', `${cannot}: ${why.message}`);
      const notWritten = [...error.refused, ...error.postponed].map(({ settlement }) => settlement.task._id);
      return new Set([...error.lost, ...notWritten]);
    }
  }
}
