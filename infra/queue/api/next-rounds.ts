import type { Task } from '../model/task';
import { currentTask } from '../model/within-task';
import type { Inserted, Insertion } from '../store/task-store';
import type { QueueCore } from './queue-core';

/** An insertion, and into which of the two stores. */
export type PlacedInsertion = Insertion & { inMemory: boolean };

type Insert = (insertions: readonly PlacedInsertion[]) => Promise<Inserted[]>;

/** The one next round that an attempt has added so far. */
interface Round {
  insertion: PlacedInsertion;
  inserted: Promise<Inserted | undefined>;
}

/** By the attempt: each claim of a task is an object of its own. `several`: they are follow-ups, and none is a round. */
const rounds = new WeakMap<Task, Round | 'several'>();

/**
 * Inserts tasks, and decides which of those that an attempt adds is the next round of its own task: two chains of a
 * recurring task meet in such a round and become one. An attempt that adds itself twice has follow-ups instead, of which
 * none may be lost.
 *
 * @param given as parsed; those with a `recurringKey` may be rounds.
 */
export async function insertRounds(core: QueueCore, given: readonly PlacedInsertion[], insert: Insert) {
  const addedBy = currentTask();
  const [only, ...others] = given.filter(({ task }) => task.recurringKey !== undefined);
  if (!addedBy || !only) return insert(given);
  const before = rounds.get(addedBy);
  if (!before && others.length === 0) return insertRound(addedBy, only, given, insert);
  rounds.set(addedBy, 'several');
  if (before && before !== 'several') await setApart(core, before, insert);
  return insert(given.map(withoutKey));
}

/** Noted before the first wait: a handler may add two without waiting for either. */
function insertRound(addedBy: Task, insertion: PlacedInsertion, given: readonly PlacedInsertion[], insert: Insert) {
  const inserting = insert(given);
  const inserted = inserting.then(
    results => results[given.indexOf(insertion)],
    () => void rounds.delete(addedBy),
  );
  rounds.set(addedBy, { insertion, inserted });
  return inserting;
}

/** What was taken for a round is a follow-up after all; where it became one with another chain's, it is added now. */
async function setApart(core: QueueCore, { insertion, inserted }: Round, insert: Insert): Promise<void> {
  const result = await inserted;
  if (result?.kind === 'added') await (insertion.inMemory ? core.memory : core.store).leaveChain(result.id);
  if (result?.kind === 'merged') await insert([withoutKey(insertion)]);
}

function withoutKey(insertion: PlacedInsertion): PlacedInsertion {
  const { recurringKey: _, ...task } = insertion.task;
  return { ...insertion, task };
}
