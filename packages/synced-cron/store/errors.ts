/** Whether a write was refused by a unique index. Meteor's own wrapping of errors may leave only the text. */
export function isDuplicateKey(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  return code === 11000 || Boolean(message?.includes('E11000'));
}

const outOfReach = /^Mongo(Network|ServerSelection|Topology|NotConnected|PoolClosed|WaitQueue)/;

/** Whether a write failed for want of a database, and not for what it was to write. */
export function isOutOfReach(error: unknown): boolean {
  const { name = '', hasErrorLabel } = (error ?? {}) as { name?: string; hasErrorLabel?(label: string): boolean };
  return outOfReach.test(name) || Boolean(hasErrorLabel?.call(error, 'RetryableWriteError'));
}
