import { BSON, type Filter } from 'mongodb';
import { show } from '../../errors/plain-error';
import type { BulkKind, BulkRecord, BulkWork } from '../model/bulk-work';
import { newTaskId } from '../model/ids';
import type { Task } from '../model/task';
import { parseSelector } from './find-tasks';
import { type QueueCore, tellDispatchers } from './queue-core';

/** Under this name its records are signed: nobody who can merely write to the database has a role carry something out. */
const signedAs = 'bulkWork';

/**
 * Starts work on all tasks that match. It is there when this resolves; a jobs role carries it out.
 *
 * @throws TypeError where it is no selector that says which tasks; a MongoServerError where MongoDB takes no such selector.
 */
export async function startBulkWork(core: QueueCore, kind: BulkKind, which: unknown): Promise<BulkWork> {
  const filter = parseBulkSelector(which, `${kind}All`);
  // The server parses it, and runs nothing: what is wrong is said now, and not to nobody later.
  await core.store.collection.find(filter).explain('queryPlanner');
  const startedAt = core.clock.now();
  const selector = BSON.EJSON.stringify(filter, { relaxed: false });
  const work: BulkWork = {
    _id: newTaskId(),
    kind,
    selector,
    state: 'running',
    startedAt,
    done: 0,
    skipped: 0,
    problems: [],
  };
  const signature = core.signer.signRecord(signedAs, signedPart(work));
  await core.bulkWorks.create({ ...work, leaseUntil: startedAt, ...(signature !== undefined && { signature }) });
  await core.pauses.announceBulkWork();
  tellDispatchers(core, dispatcher => dispatcher.bulkWorkAdded());
  return work;
}

/** @throws where a stored record is not what a role has asked for, or holds no selector. */
export function selectorOf(core: QueueCore, record: BulkRecord): Filter<Task> {
  if (!core.signer.verifyRecord(signedAs, signedPart(record), record.signature))
    throw new Error('its signature does not verify: somebody without the key wrote or changed it');
  return parseBulkSelector(BSON.EJSON.parse(record.selector), `${record.kind}All`);
}

function signedPart({ _id, kind, selector, startedAt }: BulkWork): object {
  return { _id, kind, selector, startedAt };
}

/** An empty one, or an id that came from outside as an object, must not become a wish for everything. */
function parseBulkSelector(which: unknown, caller: string): Filter<Task> {
  const filter = parseSelector(which, caller);
  const [only] = Object.keys(filter);
  if (typeof which !== 'object' || which === null || only === undefined || /^\$(?!and$|or$|nor$)/.test(only))
    throw new TypeError(`${caller}: ${show(which)} is no selector that says which tasks, as { state: 'failed' } does`);
  return filter;
}
