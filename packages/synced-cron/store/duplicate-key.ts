/** Whether a write was refused by a unique index. Meteor's own wrapping of errors may leave only the text. */
export function isDuplicateKey(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  return code === 11000 || Boolean(message?.includes('E11000'));
}
