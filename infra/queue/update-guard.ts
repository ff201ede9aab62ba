/** What only the owner of a task, or the queue itself, may change. */
const owned = [
  '_id',
  'state',
  'owner',
  'token',
  'leaseUntil',
  'claimedAt',
  'attempt',
  'attempts',
  'cancelRequested',
  'signature',
  'recurringKey',
  'deadlineWatch',
  'createdAt',
  'data',
  'taskType',
];

/** @throws where a modifier of `TaskQueue.update` would change a task's state, claim, history or signed part. */
export function refuseStateChanges(modifier: object): void {
  for (const [operator, fields] of Object.entries(modifier)) {
    if (!operator.startsWith('$'))
      throw new Error(`update: ${operator}: give operators ($set, $unset), not a document`);
    for (const path of Object.keys(fields as object)) {
      const field = path.split('.')[0] as string;
      if (owned.includes(field))
        throw new Error(
          `update: ${field} is the queue's own; use cancel, retry, replay or a new task instead of changing it`,
        );
    }
  }
}
