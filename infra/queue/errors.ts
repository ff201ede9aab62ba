/** What addTask was given is no task. `problems` has a line on each thing that is wrong. */
export class InvalidTaskError extends Error {
  override readonly name = 'InvalidTaskError';
  constructor(readonly problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${problems.join('\n  ')}`);
  }
}

/** A task that another one is in the way of: `field` says by what, `existingId` which, where that is known. */
export class DuplicateTaskError extends Error {
  override readonly name = 'DuplicateTaskError';
  constructor(
    readonly taskId: string,
    readonly field: '_id' | 'uniqueKey',
    readonly value: string,
    readonly existingId?: string,
  ) {
    const other = field === 'uniqueKey' && existingId ? ` (task "${existingId}")` : '';
    super(`${field}: "${value}" is taken by a task that has not finished yet${other}`);
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
