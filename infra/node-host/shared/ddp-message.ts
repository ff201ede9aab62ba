import { EJSON } from './ejson';

/** Versions of the protocol, the preferred one first. */
export const SUPPORTED_DDP_VERSIONS = ['1', 'pre2', 'pre1'];

/** One DDP message, parsed. Its fields come from the other side, and none of them is checked yet. */
export interface DdpMessage {
  msg?: string;
  id?: string;
  fields?: Record<string, unknown>;
  [field: string]: unknown;
}

const typedFields = ['fields', 'params', 'result'];

/**
 * Reads one message; fields named in `cleared` come out as undefined fields.
 *
 * @returns null for anything but a JSON object
 * @throws when an EJSON type in it is unknown or broken
 */
export function parseDDP(text: string): DdpMessage | null {
  let message: DdpMessage;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (message === null || typeof message !== 'object') return null;
  if (Object.hasOwn(message, 'cleared')) takeInCleared(message);
  for (const field of typedFields) {
    if (Object.hasOwn(message, field)) message[field] = EJSON._adjustTypesFromJSONValue(message[field]);
  }
  return message;
}

function takeInCleared(message: DdpMessage): void {
  message.fields ??= {};
  const { fields } = message;
  (message.cleared as string[]).forEach(key => {
    fields[key] = undefined;
  });
  delete message.cleared;
}

/** Writes one message; undefined fields go into `cleared`. The message itself stays as it is. */
export function stringifyDDP(message: DdpMessage): string {
  const copy = EJSON.clone(message);
  if (message.fields && copy.fields) moveOutCleared(message.fields, copy);
  for (const field of typedFields) {
    if (Object.hasOwn(copy, field)) copy[field] = EJSON._adjustTypesToJSONValue(copy[field]);
  }
  if (message.id && typeof message.id !== 'string') throw new Error('Message id is not a string');
  return JSON.stringify(copy);
}

function moveOutCleared(fields: Record<string, unknown>, copy: DdpMessage): void {
  const cleared = Object.keys(fields).filter(key => fields[key] === undefined);
  for (const key of cleared) delete copy.fields![key];
  if (cleared.length > 0) copy.cleared = cleared;
  if (Object.keys(copy.fields!).length === 0) delete copy.fields;
}
