import { controlCollectionName } from '../store/pauses';

/** After these the tasks' collection is another one, without indexes. */
export const drops: readonly string[] = ['drop', 'rename', 'dropDatabase', 'invalidate'];

const waitingStates = ['queued', 'scheduled'];
const updated = 'updateDescription.updatedFields';

/** What a dispatcher wants to hear of the changes in its database, and no more of each than it needs. */
export function changePipeline(collectionName: string): object[] {
  const inserts = { operationType: { $in: ['insert', 'replace'] }, 'fullDocument.state': { $in: waitingStates } };
  const updates = [
    { [`${updated}.state`]: { $in: waitingStates } },
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
  ...only('fullDocument', ['state', 'dueDate', 'taskType', 'deadline', 'deadlineWatch']),
  ...only(updated, ['state', 'dueDate', 'deadline', 'cancelRequested']),
};

function only(path: string, fields: string[]): Record<string, 1> {
  return Object.fromEntries(fields.map(field => [`${path}.${field}`, 1]));
}
