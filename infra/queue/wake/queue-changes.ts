import type { ChangeStreamDocument } from 'mongodb';
import { timeOf } from '../../catalog';
import type { Task } from '../model/task';
import { controlCollectionName } from '../store/control';

/** After these the tasks' collection is another one, without indexes. */
export const drops: readonly string[] = ['drop', 'rename', 'dropDatabase', 'invalidate'];

const waitingStates = ['queued', 'scheduled', 'waiting'];
const updated = 'updateDescription.updatedFields';

/** What a dispatcher wants to hear of the changes in its database, and no more of each than it needs. */
export function changePipeline(collectionName: string): object[] {
  const inserts = { operationType: { $in: ['insert', 'replace'] }, 'fullDocument.state': { $in: waitingStates } };
  const updates = [
    // Who puts a task into the line of its rate looks after that line itself.
    { [`${updated}.state`]: { $in: waitingStates }, [`${updated}.waitsFor`]: { $ne: 'rate' } },
    { [`${updated}.cancelRequested`]: true },
    { [`${updated}.dueDate`]: { $exists: true } },
    { [`${updated}.deadline`]: { $exists: true } },
  ];
  const ofTasks = { 'ns.coll': collectionName, $or: [inserts, { operationType: 'update', $or: updates }] };
  const ofPauses = { 'ns.coll': controlCollectionName, 'documentKey._id': 'pauses' };
  const ofDrops = {
    operationType: { $in: [...drops] },
    'ns.coll': { $in: [collectionName, controlCollectionName, null] },
  };
  return [{ $match: { $or: [ofPauses, ofTasks, ofDrops] } }, { $project: projection }];
}

const projection = {
  operationType: 1,
  ns: 1,
  documentKey: 1,
  ...only('fullDocument', [
    'state',
    'dueDate',
    'taskType',
    'catalogVersion',
    'priority',
    'place',
    'deadline',
    'deadlineWatch',
    'waitsFor',
    'limitKey',
    'after',
    'afterBatch',
  ]),
  ...only(updated, ['state', 'dueDate', 'deadline', 'cancelRequested', 'waitsFor']),
};

function only(path: string, fields: string[]): Record<string, 1> {
  return Object.fromEntries(fields.map(field => [`${path}.${field}`, 1]));
}

type ChangedFields = Partial<
  Pick<
    Task,
    | 'state'
    | 'dueDate'
    | 'cancelRequested'
    | 'taskType'
    | 'deadline'
    | 'deadlineWatch'
    | 'waitsFor'
    | 'limitKey'
    | 'after'
    | 'afterBatch'
  >
>;

/** What has changed of a task, as far as the pipeline lets it through. */
export function fieldsOf(change: ChangeStreamDocument): ChangedFields {
  if (change.operationType === 'insert' || change.operationType === 'replace')
    return withSoundDates(change.fullDocument as ChangedFields);
  return change.operationType === 'update' ? withSoundDates(change.updateDescription.updatedFields ?? {}) : {};
}

/** Others may write a text as a date: nobody waits for that. */
function withSoundDates({ dueDate, deadline, deadlineWatch, ...fields }: ChangedFields = {}): ChangedFields {
  const isMoment = (date: unknown) => !Number.isNaN(timeOf(date));
  return {
    ...fields,
    ...(isMoment(dueDate) && { dueDate }),
    ...(isMoment(deadline) && { deadline, deadlineWatch }),
  };
}
