import { timeOf } from '../../catalog';
import { restAfter } from '../../timing/rest-after';
import type { Task } from '../model/task';
import { type Peeked, type PeekRequest, versionsOf } from './task-store';

/** Where a task stands in the index that claims read. */
export type Standing = Pick<Task, 'taskType' | 'catalogVersion' | 'priority' | 'place' | 'dueDate'>;
export type Head = Peeked & Standing;

/** Tasks that stand in one row of the index, by their dates. All before `from` have gone, as far as anybody knows. */
export interface Row extends Omit<Standing, 'dueDate'> {
  from: number;
  /** The earliest of those that became queued since the last look began. */
  news: number;
}

/** A look at the whole queue: what for, whether it has seen all, and until when another one need not be. */
interface WholeLook {
  request: PeekRequest;
  isAll: boolean;
  until: number;
}

/** MongoDB keeps a key of the index for so long after its task has gone. */
const historyMs = 5 * 60_000;
/** With fewer tasks gone than this in that time, each look is at the whole queue. */
const fewest = 1_000;
/** Rows that one query reads. */
const mostRows = 8;
/** Dates come from several clocks: a task may be added with one a little before that of a task that has gone. */
const slackMs = 1_000;
/** There is a look at the whole queue at least so often. */
const longestMs = 1_000;

/**
 * Where in its index the queue begins. MongoDB keeps the keys of tasks that have gone for five minutes, and whoever reads
 * from the beginning of the index steps over each of them: at 200 tasks a second that is soon most of its work. So a look
 * begins at the rows and the dates where the last one found tasks, and where tasks were added since. Whatever stands
 * before is found by looks at the whole queue: now and then, and when something comes whose place nobody knows.
 */
export class QueueHeads {
  private readonly rows = new Map<string, Row>();
  private gone = { since: 0, before: 0, now: 0 };
  private whole: WholeLook | undefined;

  /** A look begins. @returns the rows that it may be limited to; undefined: it must be at the whole queue. */
  rowsFor({ types, minPriority = Number.NEGATIVE_INFINITY }: PeekRequest): Row[] | undefined {
    for (const row of this.rows.values()) row.news = Number.POSITIVE_INFINITY;
    if (!this.isWorthIt() || !this.knows(types, minPriority)) return undefined;
    const versions = versionsOf(types);
    const rows = [...this.rows.values()].filter(
      row => row.catalogVersion <= (versions.get(row.taskType) ?? -1) && row.priority >= minPriority,
    );
    return rows.length > mostRows ? undefined : rows;
  }

  /** What a look at rows has found. */
  saw(heads: readonly Standing[]): void {
    for (const head of firstOfEach(heads)) {
      const { news = Number.POSITIVE_INFINITY } = this.rows.get(keyOf(head)) ?? {};
      this.rows.set(keyOf(head), rowOf(head, Math.min(fromOf(head), news), news));
    }
  }

  /** What a look at the whole queue has found. */
  sawWhole(request: PeekRequest, heads: readonly Standing[], tookMs: number): void {
    this.whole = {
      request,
      isAll: heads.length < request.limit,
      until: performance.now() + restAfter(tookMs, longestMs),
    };
    if (this.rows.size > mostRows) this.rows.clear();
    this.saw(heads);
  }

  /** The same of one that went on beside other looks, which know better where rows begin. @returns whether it found more. */
  sawWholeBeside(request: PeekRequest, heads: readonly Standing[], tookMs: number): boolean {
    this.sawWhole(request, [], tookMs);
    this.whole = { ...(this.whole as WholeLook), isAll: heads.length < request.limit };
    return heads.map(head => this.queued(head)).includes(true);
  }

  /** Whether there may be tasks in rows that nobody has seen. */
  get mayHaveOthers(): boolean {
    return this.whole?.isAll !== true;
  }

  /** In how many ms the whole queue is to be looked at again. */
  get dueInMs(): number {
    return this.whole ? Math.max(0, this.whole.until - performance.now()) : 0;
  }

  /** A task is queued: there, where that is known. @returns whether that is before or beside what was known. */
  queued(task: Partial<Standing>): boolean {
    const known = isStanding(task) ? this.rows.get(keyOf(task)) : undefined;
    if (!isStanding(task) || (!known && this.rows.size >= mostRows)) {
      this.whole = undefined;
      return true;
    }
    const from = fromOf(task);
    if (known) known.news = Math.min(known.news, from);
    if (known && known.from <= from) return false;
    this.rows.set(keyOf(task), rowOf(task, from, from));
    return true;
  }

  /** So many tasks of the queue have been claimed. */
  took(count: number): void {
    this.turnPage();
    this.gone.now += count;
  }

  private isWorthIt(): boolean {
    this.turnPage();
    return this.gone.before + this.gone.now >= fewest;
  }

  private turnPage(): void {
    const passed = performance.now() - this.gone.since;
    if (passed < historyMs) return;
    this.gone = { since: this.gone.since + passed, before: passed < 2 * historyMs ? this.gone.now : 0, now: 0 };
  }

  /** Whether the last look at the whole queue was for all of this. */
  private knows(types: PeekRequest['types'], minPriority: number): boolean {
    if (!this.whole) return false;
    const { request } = this.whole;
    if ((request.minPriority ?? Number.NEGATIVE_INFINITY) > minPriority) return false;
    const versions = versionsOf(request.types);
    return types.every(({ taskType, version }) => (versions.get(taskType) ?? -1) >= version);
  }
}

/** A forged task may have anything there: it is found by a look at the whole queue, and rejected at its claim. */
function isStanding(task: Partial<Standing>): task is Standing {
  const { taskType, catalogVersion, priority, place, dueDate } = task;
  const isPlace = [catalogVersion, priority, place].every(number => typeof number === 'number');
  return isPlace && typeof taskType === 'string' && !Number.isNaN(timeOf(dueDate));
}

function keyOf({ taskType, catalogVersion, priority, place }: Standing): string {
  return `${taskType} ${catalogVersion} ${priority} ${place}`;
}

function rowOf({ taskType, catalogVersion, priority, place }: Standing, from: number, news: number): Row {
  return { taskType, catalogVersion, priority, place, from, news };
}

function fromOf({ dueDate }: Standing): number {
  return timeOf(dueDate) - slackMs;
}

/** Heads are in the queue's order. */
function firstOfEach(heads: readonly Standing[]): Standing[] {
  const first = new Map<string, Standing>();
  for (const head of heads) if (isStanding(head) && !first.has(keyOf(head))) first.set(keyOf(head), head);
  return [...first.values()];
}
