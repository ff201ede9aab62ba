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
import { addParsed, idsOf, inSendSpan, parseAll } from './add-tasks';
import { type QueueCore, tellDispatchers } from './queue-core';

/** What comes after a batch: a task without the options that say when, which the batch decides. */
export type AfterBatch<C, T extends TaskTypeIn<C> = TaskTypeIn<C>> = OfType<T> &
  Omit<NewTask<C, NoInfer<T>>, '_id' | 'once' | 'after' | 'ifFailed' | 'batch' | 'inMemory' | 'session'>;

/** What addBatch takes. */
export interface NewBatch<C, T extends TaskTypeIn<C>, Then extends TaskTypeIn<C>, OnFailure extends TaskTypeIn<C>> {
  /** What it is called, where people see it. */
  name: string;
  /**
   * Default: a fresh id; in a handler `<id of its task>:<name>`, so that the next attempt at the task goes on with the
   * batch of the last one. Elsewhere whoever gives one may ask again after an error: it goes on where that broke off.
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
   * @throws InvalidTaskError where it takes no more: sealed (its own members may still add), ended, or cancelled;
   *   DuplicateTasksError where some were refused (the others are in).
   */
  async add<T extends TaskTypeIn<C>>(tasks: readonly (OfType<T> & NewTask<C, NoInfer<T>>)[]): Promise<string[]> {
    if (!Array.isArray(tasks)) throw new InvalidTaskError([`tasks: ${show(tasks)} is not an array of tasks`]);
    const members = membersOf(this.id, tasks as readonly UnparsedTask[], this.next);
    if (this.next !== undefined) this.next += tasks.length;
    const core = this.core();
    return inSendSpan(members, traceparent =>
      addMembers(core, this.id, parseAll(core, members, { traceparent }), members),
    );
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
    tellDispatchers(this.core(), dispatcher => dispatcher.waitingChanged(this.id));
  }
}

/** Makes a batch with its first members, and what comes after it. All are parsed before any is written. */
export async function addBatch<C extends object>(core: QueueCore, given: UnparsedBatch): Promise<BatchHandle<C>> {
  const batch = parseBatch(given);
  return inSendSpan(batch.tasks, traceparent => makeBatch<C>(core, given, batch, traceparent));
}

async function makeBatch<C extends object>(
  core: QueueCore,
  given: UnparsedBatch,
  { name, tasks, then, onFailure, open }: ReturnType<typeof parseBatch>,
  traceparent: string | undefined,
): Promise<BatchHandle<C>> {
  const creator = currentTask();
  const id = (given._id as string | undefined) ?? (creator ? `${creator._id}:${name}` : newTaskId());
  const after = [
    { given: then, _id: thenOf(id), comesAfter: { afterBatch: id } },
    { given: onFailure, _id: onFailureOf(id), comesAfter: { afterBatch: id, onlyIfFailed: true as const } },
  ].flatMap(({ given: task, _id, comesAfter }) => (task ? [{ task: { ...task, _id, once: true }, comesAfter }] : []));
  const parsed = after.map(({ task, comesAfter }) => parseAll(core, [task], { comesAfter, traceparent }));
  const members = membersOf(id, tasks, 0);
  const parsedMembers = parseAll(core, members, { traceparent });
  const batch = await create(core, id, name, creator);
  const handle = new BatchHandle<C>(id, () => core, tasks.length);
  if (batch.state !== 'open') return handle;
  if (creator) core.batchCreators.add(creator._id);
  const addAll = async () => {
    for (const [index, { task }] of after.entries()) await addParsed(core, parsed[index]!, [task]);
    await addMembers(core, id, parsedMembers, members);
  };
  await (creator ? addAll() : whileMaking(core, id, addAll));
  if (!creator) await (open ? core.batches.endMaking(id) : handle.seal());
  return handle;
}

/** For so long a batch that a process makes is its own, without a word of it. */
const makingMs = 60_000;
const makingUntil = ({ clock }: QueueCore) => new Date(clock.now().getTime() + makingMs);

/** @throws InvalidTaskError where somebody else has made one of this id, or makes it now. */
async function create(core: QueueCore, _id: string, name: string, creator: Task | undefined): Promise<Batch> {
  const now = core.clock.now();
  const more = creator ? { createdBy: creator._id } : { makingUntil: makingUntil(core) };
  const counts = { added: 0, done: 0, failed: 0, cancelled: 0 };
  const batch = await core.batches.create({ _id, name, state: 'open', createdAt: now, ...more, ...counts });
  const isOurs = batch.createdAt === now || (creator !== undefined && batch.createdBy === creator._id);
  if (isOurs || (!creator && (await core.batches.takeOverMaking(_id, now, makingUntil(core))))) return batch;
  throw new InvalidTaskError([`_id: a batch "${_id}" is there already`]);
}

/** Says that it is being made as long as it is. Where it breaks off, whoever asks for it again may go on at once. */
async function whileMaking(core: QueueCore, id: string, make: () => Promise<void>): Promise<void> {
  const say = (until: Date) => core.batches.keepMaking(id, until).catch(() => {});
  const timer = setInterval(() => void say(makingUntil(core)), makingMs / 3).unref();
  try {
    await make();
  } catch (error) {
    await say(core.clock.now());
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @throws DuplicateTasksError where some were refused, but for those that an earlier try has added to this batch. */
async function addMembers(core: QueueCore, batch: string, parsed: readonly Task[], given: readonly UnparsedTask[]) {
  const results = await addParsed(core, parsed, given);
  const refused = results.flatMap(one => (one.kind === 'duplicate' && one.field === '_id' ? one.id : []));
  if (refused.length === 0) return idsOf(results);
  const ours = new Set((await core.store.find({ _id: { $in: refused }, batch })).map(({ _id }) => _id));
  return idsOf(results.map(one => (ours.has(one.id) ? { kind: 'there', id: one.id } : one)));
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
