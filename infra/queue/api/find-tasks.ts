import type { Document, Filter, FindCursor, FindOptions } from 'mongodb';
import { didYouMean, isDate, isPlainObject, isWellFormed, timeOf } from '../../catalog';
import { show } from '../../errors/plain-error';
import { isLive, type Task } from '../model/task';
import type { QueueCore } from './queue-core';

const deepest = 50;

/** What a selector means that says nothing. */
const nothing: Filter<Task> = { _id: { $in: [] } };

/**
 * Parses what `find`, `findOne`, `update` and `remove` are asked with. As in Meteor, a selector that is missing, or an
 * `_id` that is, matches nothing: it is a variable that was never set, not a wish for everything.
 *
 * @throws TypeError where a part of it has no value: the driver would leave it out, and match more than was meant.
 */
export function parseSelector(given: unknown, caller: string): Filter<Task> {
  if (typeof given === 'string') return isWellFormed(given) ? { _id: given } : nothing;
  if (given === undefined || given === null) return nothing;
  if (typeof given !== 'object' || !isPlainObject(given))
    throw new TypeError(`${caller}: ${show(given)} is no selector; give an id, or an object of fields`);
  const { _id } = given as { _id?: unknown };
  if ('_id' in given && (_id === undefined || _id === null)) return nothing;
  checkPart(given, caller, 0);
  return given as Filter<Task>;
}

/** @throws TypeError where it is no id: a variable that was never set must not hit some task. */
export function parseId(id: unknown, caller: string): string {
  if (typeof id === 'string' && isWellFormed(id)) return id;
  throw new TypeError(`${caller}: ${show(id)} is not the id of a task`);
}

/** What the driver leaves out (or writes as another value) would widen the selector. */
function checkPart(value: unknown, path: string, depth: number): void {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`${path}: ${show(value)} selects nothing; leave the name out, or give a value`);
  if (typeof value !== 'object' || value === null) return;
  if (isDate(value)) {
    if (Number.isNaN(timeOf(value))) throw new TypeError(`${path}: is an invalid date`);
    return;
  }
  if (depth > deepest) throw new TypeError(`${path}: nested deeper than ${deepest} levels, or in a circle`);
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index++) checkPart(value[index], `${path}.${index}`, depth + 1);
  else if (isPlainObject(value))
    for (const [name, part] of Object.entries(value)) checkPart(part, `${path}.${name}`, depth + 1);
}

/** The driver's options that `find` and `findOne` know what to do with. */
export type TaskFindOptions = Pick<
  FindOptions,
  'projection' | 'sort' | 'skip' | 'limit' | 'hint' | 'batchSize' | 'maxTimeMS' | 'comment' | 'collation' | 'session'
>;

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isText = (value: unknown) => typeof value === 'string';

const checks: Record<keyof TaskFindOptions, (value: unknown) => boolean> = {
  projection: isObject,
  sort: value => isObject(value) || isText(value),
  skip: isCount,
  limit: isCount,
  hint: value => isObject(value) || isText(value),
  batchSize: isCount,
  maxTimeMS: isCount,
  comment: () => true,
  collation: isObject,
  session: isObject,
};

/** What people know under another name, too far from ours for a guess by letters. */
const otherNames: Record<string, keyof TaskFindOptions> = {
  fields: 'projection',
  select: 'projection',
  offset: 'skip',
};

/** @throws TypeError where an option is unknown, which the driver would pass over without a word, or has no such value. */
export function parseFindOptions(given: unknown, caller: 'find' | 'findOne'): TaskFindOptions {
  if (given === undefined) return {};
  if (!isObject(given)) throw new TypeError(`${caller}: ${show(given)} is no object of options`);
  const known = Object.keys(checks).filter(name => caller === 'find' || name !== 'limit');
  const entries = Object.entries(given as Document).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!known.includes(name)) throw new TypeError(`${caller}: unknown option ${name}${hintFor(name, known)}`);
    if (!checks[name as keyof TaskFindOptions](value))
      throw new TypeError(`${caller}: ${show(value)} is no value of ${name}`);
  }
  return Object.fromEntries(entries);
}

function hintFor(name: string, known: readonly string[]): string {
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  return other ? `, did you mean ${other}?` : didYouMean(name, known);
}

/** The result of `TaskQueue.find`, read as a Meteor 3 cursor is: by async methods, or `for await`. */
export class TaskCursor {
  constructor(
    private readonly cursor: FindCursor<Task>,
    private readonly count: () => Promise<number>,
  ) {}

  fetchAsync(): Promise<Task[]> {
    return this.cursor.clone().toArray();
  }

  countAsync(): Promise<number> {
    return this.count();
  }

  async forEachAsync(visit: (task: Task, index: number) => unknown): Promise<void> {
    let index = 0;
    for await (const task of this) await visit(task, index++);
  }

  async mapAsync<T>(map: (task: Task, index: number) => T | Promise<T>): Promise<T[]> {
    const results: T[] = [];
    await this.forEachAsync(async (task, index) => {
      results.push(await map(task, index));
    });
    return results;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Task> {
    yield* this.cursor.clone();
  }
}

/** `TaskQueue.inMemory`: the tasks in this role's memory, as meteor-cluster shows them. */
export class InMemoryTasks {
  constructor(private readonly core: () => QueueCore) {}

  findById(id: string): Task | undefined {
    const task = this.core().memory.get(id);
    return task && isLive(task) ? task : undefined;
  }

  /** @returns whether there was one. */
  async removeById(id: string): Promise<boolean> {
    return (await this.core().memory.remove({ _id: id })) > 0;
  }

  /** All that have not finished, in the queue's order. */
  tasks(): Task[] {
    return this.core().memory.live();
  }

  /** Those that could start now. */
  availableTasks(): Task[] {
    return this.tasks().filter(({ state }) => state === 'queued');
  }
}
