/** What addTask was given is no task. `problems` has a line on each thing that is wrong. */
export class InvalidTaskError extends Error {
  override readonly name = 'InvalidTaskError';
  constructor(readonly problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${listed(problems).join('\n  ')}`);
  }
}

/** Of thousands of tasks all may be wrong, and a message is to be read: `problems` has the rest. */
const mostListed = 20;

function listed(problems: readonly string[]): string[] {
  const more = problems.length - mostListed;
  return [...problems.slice(0, mostListed), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** A task that another one is in the way of: `field` says by what, `existingId` which, where that is known. */
export class DuplicateTaskError extends Error {
  override readonly name = 'DuplicateTaskError';
  constructor(
    readonly taskId: string,
    readonly field: '_id' | 'uniqueKey' | 'unique',
    readonly value: string,
    readonly existingId?: string,
    /** With `unique` and a span: until when it is taken at least. */
    readonly until?: Date,
  ) {
    const other = field !== '_id' && existingId ? ` (task "${existingId}")` : '';
    const span = until ? `, or at least until ${until.toISOString()}` : '';
    super(`${field}: "${value}" is taken by a task that has not finished yet${span}${other}`);
  }
}

/**
 * The database did not say in time whether it has taken a task. To be safe, add the same tasks again with the `_id`s in
 * `ids` and with `once: true`: what is there already is then not added twice.
 */
export class TaskNotConfirmedError extends Error {
  override readonly name = 'TaskNotConfirmedError';
  constructor(
    /** The ids of the tasks that may be in the queue or not. */
    readonly ids: readonly string[],
    /** The ids of the tasks that are in the queue for sure: where many were added, some may have been confirmed. */
    readonly added: readonly string[],
    cause: Error,
  ) {
    const [first] = ids;
    const which = ids.length === 1 ? `task "${first}"` : `${ids.length} tasks (the first: "${first}")`;
    const safely = ids.length === 1 ? `with _id: "${first}"` : 'each with its _id from the error’s `ids`';
    super(
      `the database did not confirm that it has ${which}: may be in the queue or not; add the same again ${safely} and once: true (${cause.message})`,
      { cause },
    );
  }
}

/** Some of many tasks were refused as duplicates; the others were added. */
export class DuplicateTasksError extends AggregateError {
  override readonly name = 'DuplicateTasksError';
  constructor(
    duplicates: DuplicateTaskError[],
    /** The ids of the tasks that were added. */
    readonly added: readonly string[],
  ) {
    super(duplicates, `${duplicates.length} tasks refused, ${added.length} added: ${duplicates[0]?.message}`);
  }
}
