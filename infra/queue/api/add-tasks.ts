import { definitionOf, PayloadError, resolveUnique, type UniqueKey } from '../../catalog';
import { sending } from '../../tracing/tracing';
import type { AnySession, UnparsedTask } from '../model/add-options';
import { DuplicateTaskError, DuplicateTasksError, InvalidTaskError } from '../model/errors';
import { newTask, type TaskOrigin } from '../model/new-task';
import type { Task } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import { currentTask } from '../model/within-task';
import type { Inserted, Insertion, OnHeldKey } from '../store/task-store';
import { joined, withSlots } from '../waiting/slots';
import { insertMembers } from './batch-members';
import { findCircles } from './find-circles';
import { letIn } from './let-in';
import { insertRounds, type PlacedInsertion } from './next-rounds';
import { type QueueCore, tellDispatchers } from './queue-core';

/** From where tasks come, and after what, where that is not for the caller to say. */
type Whence = Pick<TaskOrigin, 'origin' | 'comesAfter' | 'traceparent'>;

/**
 * parse → insert → tell. All are parsed before any is written.
 *
 * @param whence with the `traceparent` of whom they come from, where no running code says that.
 */
export async function addAll(core: QueueCore, given: readonly UnparsedTask[], whence?: Whence): Promise<Inserted[]> {
  return inSendSpan(
    given,
    traceparent => addParsed(core, parseAll(core, given, { ...whence, traceparent }), given),
    whence?.traceparent,
  );
}

/** Whoever adds tasks is in a span, or is a handler whose task came with one. */
export function inSendSpan<Added>(
  given: readonly UnparsedTask[],
  add: (traceparent: string | undefined) => Promise<Added>,
  parent = currentTask()?.traceparent,
): Promise<Added> {
  return sending(
    Array.from(given, one => Object(one).taskType),
    parent,
    add,
  );
}

/** The same for tasks that have been parsed, with what was given for each. */
export async function addParsed(
  core: QueueCore,
  parsed: readonly Task[],
  given: readonly UnparsedTask[],
): Promise<Inserted[]> {
  const session = commonSession(given);
  const insertions = parsed.map((task, index) => ({
    task,
    once: given[index]?.once === true,
    inMemory: given[index]?.inMemory === true,
    ...(task.unique && { unique: onHeldKey(core, task, given[index]?.unique as UniqueKey | undefined) }),
  }));
  return insertRounds(core, insertions, ready => insertMembers(core, ready, () => insertAll(core, ready, session)));
}

/** What comes of a task if another one has its key. */
function onHeldKey({ catalog, signer }: QueueCore, { taskType }: Task, own: UniqueKey | undefined): OnHeldKey {
  const { unique } = definitionOf(catalog, taskType);
  return {
    on: own ? resolveUnique(own).on : (unique?.on ?? 'keep'),
    isGenuine: holder => findTaskProblem(holder) === undefined && signer.verify(holder),
    signed: task => signer.signed(task),
  };
}

async function insertAll(
  core: QueueCore,
  insertions: readonly PlacedInsertion[],
  session: AnySession | undefined,
): Promise<Inserted[]> {
  const results: Inserted[] = new Array(insertions.length);
  for (const inMemory of [true, false]) {
    const indexes = [...insertions.keys()].filter(index => insertions[index]?.inMemory === inMemory);
    if (indexes.length === 0) continue;
    const ofStore = indexes.map(index => insertions[index] as Insertion);
    const inserted = await insert(core, ofStore, inMemory, session);
    for (const [nth, index] of indexes.entries()) results[index] = inserted[nth] as Inserted;
  }
  return results;
}

/** Why it was refused; undefined where it was not. */
export function duplicateOf(one: Inserted | undefined): DuplicateTaskError | undefined {
  if (one?.kind !== 'duplicate') return undefined;
  return new DuplicateTaskError(one.id, one.field, one.value, one.existingId, one.until);
}

/** The ids of all. @throws DuplicateTasksError where some were refused. */
export function idsOf(results: readonly Inserted[]): string[] {
  const ids = results.map(({ id }) => id);
  const duplicates = results.flatMap(one => duplicateOf(one) ?? []);
  if (duplicates.length === 0) return ids;
  const added = ids.filter((_, index) => results[index]?.kind !== 'duplicate');
  throw new DuplicateTasksError(duplicates, added);
}

/** @throws InvalidTaskError or PayloadError with the problems of all. */
export function parseAll(core: QueueCore, given: readonly UnparsedTask[], whence: Whence = {}): Task[] {
  const { catalog, sender, signer, clock } = core;
  const context = { catalog, sender, signer, now: clock.now(), addedBy: currentTask(), ...whence };
  const problems: string[] = [];
  const tasks = Array.from(given).flatMap((one, index) => {
    try {
      return [newTask(one, context)];
    } catch (error) {
      if (!(error instanceof InvalidTaskError || error instanceof PayloadError)) throw error;
      if (given.length === 1) throw error;
      problems.push(...error.problems.map(problem => `task ${index}: ${problem}`));
      return [];
    }
  });
  problems.push(...findCircles(tasks));
  if (problems.length > 0) throw new InvalidTaskError(problems);
  return tasks;
}

function commonSession(given: readonly UnparsedTask[]): AnySession | undefined {
  const sessions = [...new Set(given.map(({ session }) => session))];
  if (sessions.length > 1) throw new InvalidTaskError(['session: tasks added together need one and the same']);
  return sessions[0] as AnySession | undefined;
}

async function insert(
  core: QueueCore,
  insertions: readonly Insertion[],
  inMemory: boolean,
  session: AnySession | undefined,
): Promise<Inserted[]> {
  if (inMemory && core.dispatchers.size === 0)
    throw new InvalidTaskError([
      'inMemory: this process runs no tasks, so a task in its memory would never run; add it in the jobs role, or leave inMemory out',
    ]);
  // In a transaction they are not there before its commit, which the database will tell.
  if (session) return counted(core, insertions, await core.store.insert(insertions, session));
  const ready = withSlots(core.catalog, insertions);
  const results = counted(core, ready, await (inMemory ? core.memory.insert(ready) : core.store.insert(ready)));
  const replaced = results.flatMap(result => (result.kind === 'replaced' ? result : []));
  const added = ready.filter((_, index) => results[index]?.kind === 'added').map(({ task }) => task);
  added.push(...replaced.map(({ task }) => task));
  if (added.length === 0) return results;
  const freed = replaced.flatMap(({ freed: limitKey }) => limitKey ?? []);
  await letIn(core, [...joined(ready, results), ...replaced.map(({ task }) => task)], freed);
  tellDispatchers(core, dispatcher => dispatcher.added(added, inMemory));
  // A role without a dispatcher passes it on as a nudge.
  core.emit('task.added', { count: added.length });
  return results;
}

/** What is added in a transaction is counted when it is written: whether it commits is not for the queue to know. */
function counted(core: QueueCore, insertions: readonly Insertion[], results: Inserted[]): Inserted[] {
  for (const [index, { task }] of insertions.entries())
    if (results[index]?.kind === 'added') core.statistics.count(task.taskType, 'added');
  return results;
}
