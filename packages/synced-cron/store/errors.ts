import { messageOf } from '../errors/plain-error';

/** Whether a write was refused by a unique index. Meteor's own wrapping of errors may leave only the text. */
export function isDuplicateKey(error: unknown): boolean {
  return described(error).code === 11000 || messageOf(error).includes('E11000');
}

/**
 * Codes of the server about the document itself: too large, nested too deeply, names or values that it does not take,
 * refused by a validator or a unique index of the collection.
 */
const refusingCodes = new Set<unknown>([9, 14, 15, 22, 28, 52, 56, 57, 121, 10334, 11000, 17280, 17419, 17420]);

/** The driver could not write it as BSON. */
const refusingNames = /^(BSON\w*Error|MongoInvalidArgumentError)$/;

/**
 * Whether an error says that this very document can't be stored, however often it is tried. Everything else is "not now":
 * the driver gives its own network errors, but also bare ones of Node's sockets, and nobody can list them all.
 */
export function isRefused(error: unknown): boolean {
  const { code, name } = described(error);
  return refusingCodes.has(code) || (typeof name === 'string' && refusingNames.test(name));
}

function described(error: unknown): { code?: unknown; name?: unknown } {
  try {
    const { code, name } = error as { code?: unknown; name?: unknown };
    return { code, name };
  } catch {
    return {};
  }
}
