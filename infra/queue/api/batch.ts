import { didYouMean, type TaskTypeIn } from '../../catalog';
import { show } from '../../errors/plain-error';
import type { UnparsedTask } from '../model/add-options';
import { type Batch, numberMembers, onFailureOf, thenOf } from '../model/batch';
import { InvalidTaskError } from '../model/errors';
import { newTaskId } from '../model/ids';
import type { NewTask, OfType } from '../model/new-task';
import type { Task } from '../model/task';
import { currentTask } from '../model/within-task';
import { failedMembers } from '../store/batches';
import { addParsed, parseAll } from './add-tasks';
import type { QueueCore } from './queue-core';

/** What comes after a batch: a task without the options that say when, which the batch decides. */
export type AfterBatch<C, T extends TaskTypeIn<C> = TaskTypeIn<C>> = OfType<T> &
  Omit<NewTask<C, NoInfer<T>>, '_id' | 'once' | 'after' | 'ifFailed' | 'batch' | 'inMemory' | 'session'>;

/** What addBatch takes. */
export interface NewBatch<C, T extends TaskTypeIn<C>, Then extends TaskTypeIn<C>, OnFailure extends TaskTypeIn<C>> {
  /** What it is called, where people see it. */
  name: string;
  /**
   * Default: a fresh id; in a handler `<id of its task>:<name>`, so that the next attempt at the task goes on with the
   * batch of the last one.
   */
  _id?: string;
  tasks: readonly (OfType<T> & NewTask<C, NoInfer<T>>)[];
  /** Added once, when all members have ended, also where some have failed. Its `_id` is `<id of the batch>:then`. */
  then?: AfterBatch<C, Then>;
  /** Added once as well, where some have failed. Its `_id` is `<id of the batch>:onFailure`. */
  onFailure?: AfterBatch<C, OnFailure>;
  /** More tasks will be added, until `seal`. What a handler makes is open until its task ends, and needs no such word. */
  open?: boolean;
}

type UnparsedBatch = { [K in keyof NewBatch<object, never, never, never>]?: unknown };

/** A batch of tasks: to add more to it, and to see how far it is. */
export class BatchHandle<C extends object> {
  /** @param next the number of the next member, where this handle has made the batch. */
  constructor(
    readonly id: string,
    private readonly core: () => QueueCore,
    private next?: number,
  ) {}

  /**
   * Adds members and returns their ids. Those without an `_id` get one by their number, where this handle has made the
   * batch: the next attempt at the same task adds none twice.
   *
   * @throws InvalidTaskError where it takes no more: sealed (its own members may still add), ended, or cancelled.
   */
  async add<T extends TaskTypeIn<C>>(tasks: readonly (OfType<T> & NewTask<C, NoInfer<T>>)[]): Promise<string[]> {
    if (!Array.isArray(tasks)) throw new InvalidTaskError([`tasks: ${show(tasks)} is not an array of tasks`]);
    const members = membersOf(this.id, tasks as readonly UnparsedTask[], this.next);
    if (this.next !== undefined) this.next += tasks.length;
    const core = this.core();
    return (await addParsed(core, parseAll(core, members), members)).map(({ id }) => id);
  }

  /** No more will be added, but by its own members. */
  async seal(): Promise<void> {
    await this.core().batches.seal({ _id: this.id });
    this.look();
  }

  /** What is known of it; undefined where it is not there any more. Its counts are exact when it has ended. */
  read(): Promise<Batch | undefined> {
    return this.core().batches.read(this.id);
  }

  /** The ids of members that have failed, or were rejected; at most `limit`. */
  failed(limit = 1_000): Promise<string[]> {
    return failedMembers(this.core().store.collection, this.id, limit);
  }

  /** It may have ended by this: a jobs role of this process looks, others do so within seconds. */
  private look(): void {
    for (const dispatcher of this.core().dispatchers) dispatcher.waitingChanged(this.id);
  }
}

/** Makes a batch with its first members, and what comes after it. All are parsed before any is written. */
export async function addBatch<C extends object>(core: QueueCore, given: UnparsedBatch): Promise<BatchHandle<C>> {
  const { name, tasks, then, onFailure, open } = parseBatch(given);
  const creator = currentTask();
  const id = (given._id as string | undefined) ?? (creator ? `${creator._id}:${name}` : newTaskId());
  const after = [
    { given: then, _id: thenOf(id), comesAfter: { afterBatch: id } },
    { given: onFailure, _id: onFailureOf(id), comesAfter: { afterBatch: id, onlyIfFailed: true as const } },
  ].flatMap(({ given: task, _id, comesAfter }) => (task ? [{ task: { ...task, _id, once: true }, comesAfter }] : []));
  const parsed = after.map(({ task, comesAfter }) => parseAll(core, [task], { comesAfter }));
  const members = membersOf(id, tasks, 0);
  const parsedMembers = parseAll(core, members);
  const batch = await create(core, id, name, creator);
  if (batch.state !== 'open') return new BatchHandle(id, () => core, tasks.length);
  if (creator) core.batchCreators.add(creator._id);
  for (const [index, { task }] of after.entries()) await addParsed(core, parsed[index]!, [task]);
  await addParsed(core, parsedMembers, members);
  const handle = new BatchHandle<C>(id, () => core, tasks.length);
  if (!creator && !open) await handle.seal();
  return handle;
}

/** @throws InvalidTaskError where somebody else has made one of this id. */
async function create(core: QueueCore, _id: string, name: string, creator: Task | undefined): Promise<Batch> {
  const now = core.clock.now();
  const createdBy = creator && { createdBy: creator._id };
  const counts = { added: 0, done: 0, failed: 0, cancelled: 0 };
  const batch = await core.batches.create({ _id, name, state: 'open', createdAt: now, ...createdBy, ...counts });
  const isOurs = batch.createdAt === now || (creator !== undefined && batch.createdBy === creator._id);
  if (!isOurs) throw new InvalidTaskError([`_id: a batch "${_id}" is there already`]);
  return batch;
}

function membersOf(batch: string, tasks: readonly UnparsedTask[], from: number | undefined): UnparsedTask[] {
  const numbered = from === undefined ? tasks : numberMembers(batch, tasks, from);
  return numbered.map(task => ({ ...task, batch }));
}

const known = ['name', '_id', 'tasks', 'then', 'onFailure', 'open'];

/** @throws InvalidTaskError with every problem of the batch itself. */
function parseBatch(given: UnparsedBatch) {
  const { name, _id, tasks, then, onFailure, open } = Object(given) as UnparsedBatch;
  const isTask = (value: unknown) => value === undefined || (typeof value === 'object' && value !== null);
  const problems = Object.keys(Object(given))
    .filter(key => !known.includes(key))
    .map(key => `${key}: unknown option of addBatch${didYouMean(key, known)}`);
  if (typeof name !== 'string' || name === '')
    problems.push(`name: ${show(name)} is not a text of one character or more`);
  if (_id !== undefined && (typeof _id !== 'string' || _id === '')) problems.push(`_id: ${show(_id)} is not a text`);
  if (!Array.isArray(tasks)) problems.push(`tasks: ${show(tasks)} is not an array of tasks`);
  if (!isTask(then)) problems.push(`then: ${show(then)} is not a task`);
  if (!isTask(onFailure)) problems.push(`onFailure: ${show(onFailure)} is not a task`);
  if (open !== undefined && typeof open !== 'boolean') problems.push(`open: ${show(open)} is not true or false`);
  if (problems.length > 0) throw new InvalidTaskError(problems);
  return { name, tasks, then, onFailure, open } as {
    name: string;
    tasks: readonly UnparsedTask[];
    then?: UnparsedTask;
    onFailure?: UnparsedTask;
    open?: boolean;
  };
}
