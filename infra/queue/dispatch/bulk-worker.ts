import type { Filter } from 'mongodb';
import { withoutCallTimeout } from '../../database';
import { messageOf } from '../../errors/plain-error';
import { Coalesced } from '../../timing/coalesced';
import { dealWithPage } from '../api/bulk-pages';
import { selectorOf } from '../api/bulk-work';
import type { QueueCore } from '../api/queue-core';
import { type BulkRecord, type BulkState, pageSize, problemsKept, scopeOf } from '../model/bulk-work';
import { newToken } from '../model/ids';
import type { Task } from '../model/task';
import { isDatabaseAway } from '../store/database-errors';
import type { DatabaseGuard } from '../store/database-guard';

/**
 * Carries out, in a jobs role, work on all tasks that match a selector: 500 at a time, in the order of their ids. Before a
 * page is dealt with its ids are written down, and after it what came of it: a role that dies in between leaves the page
 * to the next one, which has the work when the lease is over.
 */
export class BulkWorker {
  private readonly looks = new Coalesced(() => this.workOnAll());
  private stopped = false;

  constructor(
    private readonly core: QueueCore,
    private readonly guard: DatabaseGuard,
    private readonly leaseMs: number,
  ) {}

  /** There may be work. */
  look(): void {
    this.looks.soon();
  }

  /** Ends with the page that is being dealt with; another role may go on at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.looks.stop();
  }

  private async workOnAll(): Promise<void> {
    const next = () => this.guard.attempt('bulk work', () => this.workOnNext());
    while (!this.stopped && (await next()) === true);
  }

  /** @returns whether there was any. */
  private async workOnNext(): Promise<boolean> {
    const { bulkWorks, pauses } = this.core;
    const record = await bulkWorks.claim(newToken(), this.now(), this.leaseUntil());
    if (!record) {
      if (!(await bulkWorks.isAnyRunning())) await pauses.forgetBulkWork();
      // One that was started between these two looks would be forgotten as well.
      if (await bulkWorks.isAnyRunning()) await pauses.announceBulkWork();
      return false;
    }
    const renewal = setInterval(() => {
      void this.guard.attempt('bulk work', () => bulkWorks.change(record, { $set: { leaseUntil: this.leaseUntil() } }));
    }, this.leaseMs / 3);
    try {
      await this.carryOut(record);
    } finally {
      clearInterval(renewal);
    }
    return true;
  }

  private async carryOut(record: BulkRecord): Promise<void> {
    try {
      const filter = selectorOf(this.core, record);
      let now: BulkRecord | undefined = record;
      while (now && now.state === 'running')
        now = this.stopped ? await this.release(now) : await this.step(now, filter);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      await this.end(record, 'failed', messageOf(error));
    }
  }

  /** @returns the record after it; undefined where another role has it. */
  private async step(record: BulkRecord, filter: Filter<Task>): Promise<BulkRecord | undefined> {
    const { bulkWorks } = this.core;
    if (record.page) return this.dealWith(record, filter, record.page);
    if (record.stopRequested) return this.end(record, 'stopped');
    if (record.of === undefined) {
      const of = await withoutCallTimeout(this.core.store.collection).countDocuments(this.matching(record, filter));
      return bulkWorks.change(record, { $set: { of } });
    }
    const page = await this.nextPage(record, filter);
    return page.length === 0 ? this.end(record, 'done') : bulkWorks.change(record, { $set: { page } });
  }

  private async dealWith(record: BulkRecord, filter: Filter<Task>, page: string[]): Promise<BulkRecord | undefined> {
    const { skipped, problems } = await dealWithPage(this.core, record, filter, page);
    return this.core.bulkWorks.change(record, {
      $inc: { done: page.length - skipped, skipped },
      $push: { problems: { $each: problems, $slice: problemsKept } },
      $set: { after: page.at(-1) as string },
      $unset: { page: '' },
    });
  }

  private async nextPage(record: BulkRecord, filter: Filter<Task>): Promise<string[]> {
    const { after } = record;
    const rest = after === undefined ? {} : { _id: { $gt: after } };
    const found = withoutCallTimeout(this.core.store.collection)
      .find({ $and: [this.matching(record, filter), rest] })
      .project<{ _id: string }>({ _id: 1 });
    return (await found.sort({ _id: 1 }).limit(pageSize).toArray()).map(({ _id }) => _id);
  }

  private matching({ kind, startedAt }: BulkRecord, filter: Filter<Task>): Filter<Task> {
    return { $and: [filter, scopeOf(kind, startedAt)] };
  }

  private async release(record: BulkRecord): Promise<undefined> {
    await this.core.bulkWorks.change(record, { $set: { leaseUntil: new Date(0) }, $unset: { token: '' } });
  }

  private async end(record: BulkRecord, state: BulkState, error?: string): Promise<BulkRecord | undefined> {
    const ended = await this.core.bulkWorks.end(record, state, this.now(), error);
    if (ended) {
      const { _id: workId, kind, done, skipped } = ended;
      this.core.emit('queue.bulkWork', { workId, kind, state, done, skipped, ...(error !== undefined && { error }) });
    }
    return ended;
  }

  private now(): Date {
    return this.core.clock.now();
  }

  private leaseUntil(): Date {
    return new Date(this.now().getTime() + this.leaseMs);
  }
}
