import type { Collection } from 'mongodb';
import type { Task } from '../model/task';
import { refusesDocument } from './database-errors';
import { takeFirstQueued, takeQueued } from './mongo-claim';
import { peekQueued, peekRows, queuedIn, queuedInOneQuery } from './mongo-peek';
import { type Head, QueueHeads, type Row } from './queue-heads';
import type { Claim, PeekRequest } from './task-store';

/** A look at the whole queue, beside others, is to see in which rows tasks stand. */
const fewestSeen = 100;

/** Finds the first tasks of the queue, and remembers where they stand. */
export class HeadReader {
  readonly heads = new QueueHeads();
  /** Called where a look at the whole queue, beside others, has found more than they know of. */
  onMore: () => void = () => {};
  private isBeside = false;
  private skipped = false;

  constructor(private readonly collection: Collection<Task>) {}

  async peek(request: PeekRequest): Promise<Head[]> {
    const rows = this.heads.rowsFor(request);
    if (!rows) return this.peekWhole(request);
    const heads = await peekRows(this.collection, rows, request);
    this.heads.saw(heads);
    if (heads.length < request.limit && this.heads.mayHaveOthers) return this.peekWhole(request);
    this.lookBeside(request);
    return heads;
  }

  /** Claims the first queued task, if possible in one round trip. */
  async takeFirst(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const one = { ...request, limit: 1 };
    try {
      return await this.takeInOneQuery(one, claim);
    } catch (error) {
      if (!refusesDocument(error)) throw error;
      return this.peekAndTake(one, claim);
    }
  }

  /** Where the last look was at a part of the queue, and none goes on beside: in how many ms there must be one at the whole. */
  get wholeLookInMs(): number | undefined {
    return this.skipped && !this.isBeside ? this.heads.dueInMs : undefined;
  }

  private async takeInOneQuery(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const rows = this.heads.rowsFor(request);
    const task = rows && (await this.takeFirstOf(rows, claim));
    if (task) this.heads.saw([task]);
    if (rows && (task || !this.heads.mayHaveOthers)) this.lookBeside(request);
    else return this.takeFirstOfWhole(request, claim);
    return task;
  }

  private async takeFirstOf(rows: Row[], claim: Claim): Promise<Task | undefined> {
    return rows.length === 0 ? undefined : takeFirstQueued(this.collection, queuedIn(rows), claim);
  }

  private async takeFirstOfWhole(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const filter = queuedInOneQuery(request);
    if (!filter) return this.peekAndTake(request, claim);
    const from = performance.now();
    const task = await takeFirstQueued(this.collection, filter, claim);
    this.sawWhole(request, task ? [task] : [], from);
    return task;
  }

  private async peekAndTake(request: PeekRequest, claim: Claim): Promise<Task | undefined> {
    const [first] = await this.peekWhole(request);
    return first && (await takeQueued(this.collection, [first._id], claim))[0];
  }

  private async peekWhole(request: PeekRequest): Promise<Head[]> {
    const from = performance.now();
    const heads = await peekQueued(this.collection, request);
    this.sawWhole(request, heads, from);
    return heads;
  }

  private sawWhole(request: PeekRequest, heads: readonly (Head | Task)[], from: number): void {
    this.heads.sawWhole(request, heads, performance.now() - from);
    this.skipped = false;
  }

  /** What is due to be found by a look at the whole queue holds up no claim. */
  private lookBeside({ limit, ...rest }: PeekRequest): void {
    const request = { ...rest, limit: Math.max(fewestSeen, limit) };
    this.skipped = true;
    if (this.isBeside || this.heads.dueInMs > 0) return;
    this.isBeside = true;
    const from = performance.now();
    const look = peekQueued(this.collection, request).then(heads => {
      this.skipped = false;
      if (this.heads.sawWholeBeside(request, heads, performance.now() - from)) this.onMore();
    });
    // Where the database is away, the next claim says so.
    look
      .catch(() => {})
      .finally(() => {
        this.isBeside = false;
      });
  }
}
