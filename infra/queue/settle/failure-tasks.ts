import { messageOf } from '../../errors/plain-error';
import { Coalesced } from '../../timing/coalesced';
import { addAll } from '../api/add-tasks';
import type { QueueCore } from '../api/queue-core';
import { isOldSignature } from '../model/signature';
import type { Task } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import { isDatabaseAway } from '../store/database-errors';
import type { DatabaseGuard } from '../store/database-guard';

const batch = 100;
const untold = { state: 'failed', failureTold: false } as const;
const untoldIndex = 'untoldFailures';
/** Without having heard of a failure: what a role left that died between two writes, and what failed with another task. */
const lookEveryMs = 60_000;

/**
 * Adds, for each task that has failed for good and has an `onFailed`, the task that follows: under an id that follows
 * from the failed one and once, and only then is the failure marked as told. So whoever does it, and however often, the
 * follower comes once. Those whose follower is of a type that this role does not know are left to a role that does.
 */
export class FailureTasks {
  private readonly looks = new Coalesced(() => this.lookUntilDone());
  private readonly known: readonly string[];
  private readonly reported: string[] = [];
  private lookedAt = Number.NEGATIVE_INFINITY;
  private stopped = false;

  constructor(
    private readonly core: QueueCore,
    private readonly guard: DatabaseGuard,
  ) {
    this.known = Object.keys(core.catalog);
  }

  /** A task has failed in this role. */
  heardOf({ onFailed }: Pick<Task, 'onFailed'>): void {
    if (onFailed !== undefined) this.look();
  }

  lookNowAndThen(): void {
    if (performance.now() - this.lookedAt >= lookEveryMs) this.look();
  }

  /** Looks soon; never two at a time. */
  look(): void {
    this.looks.soon();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looks.stop();
  }

  private async lookUntilDone(): Promise<void> {
    this.lookedAt = performance.now();
    let count = batch;
    while (count === batch && !this.stopped)
      count = (await this.guard.attempt('follow failures', () => this.followSome())) ?? 0;
    if (!this.stopped) await this.guard.attempt('unknown followers', () => this.reportUnknown());
  }

  /** @returns how many failures it has dealt with. */
  private async followSome(): Promise<number> {
    const { collection } = this.core.store;
    const mine = { ...untold, onFailed: { $in: [...this.known] } };
    const failed = await collection.find(mine).hint(untoldIndex).limit(batch).toArray();
    for (const task of failed) {
      await this.follow(task);
      await collection.updateOne(
        { ...untold, _id: task._id, finishedAt: task.finishedAt },
        { $set: { failureTold: true } },
      );
    }
    return failed.length;
  }

  /** Says once of each type that this role does not know that failures wait to be followed by it; of one at each look. */
  private async reportUnknown(): Promise<void> {
    const { store, emit } = this.core;
    const [first] = await store.collection
      .find({ ...untold, onFailed: { $type: 'string', $nin: [...this.known, ...this.reported] } })
      .project<Pick<Task, 'onFailed'>>({ onFailed: 1 })
      .hint(untoldIndex)
      .limit(1)
      .toArray();
    if (first?.onFailed === undefined) return;
    this.reported.push(first.onFailed);
    emit('queue.unknownFollower', { taskType: first.onFailed });
  }

  /** What the database refuses for now is tried again; what nobody could add is reported, and holds up no other. */
  private async follow(task: Task): Promise<void> {
    const { core } = this;
    const { _id: taskId, taskType, onFailed, sender, data, error, finishedAt, traceparent } = task;
    const refused = this.refusal(task);
    const about = { taskId, taskType, data, error: { name: error?.name ?? 'Error', message: error?.message ?? '' } };
    const follower = {
      taskType: onFailed,
      data: about,
      _id: `failed:${taskId}:${finishedAt?.toISOString()}`,
      once: true,
    };
    try {
      if (refused !== undefined) throw new Error(refused);
      await addAll({ ...core, sender }, [follower], { traceparent });
    } catch (thrown) {
      if (isDatabaseAway(thrown)) throw thrown;
      core.emit('task.failureNotTold', { taskType, taskId, onFailed, why: messageOf(thrown) });
    }
  }

  /** Nobody who can merely write to the database can have a task added in a role's name. */
  private refusal(task: Task): string | undefined {
    const { signer } = this.core;
    const problem = findTaskProblem(task);
    if (problem !== undefined) return problem;
    if (!signer.active) return undefined;
    return signer.verify(task) && !isOldSignature(task.signature) ? undefined : 'its signature does not verify';
  }
}
