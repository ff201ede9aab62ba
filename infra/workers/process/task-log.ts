import { inspect } from 'node:util';
import { clip, isError, messageOf, plainError } from '../../errors/plain-error';
import type { HandlerLog, Write } from '../handler';
import { findUnsendable } from '../protocol/plain-value';
import type { LogLevel } from '../protocol/protocol';

const longestMessage = 8_000;
const largestField = 16_000;

/** @param send gets texts and plain data only, so that nothing that a handler logs can break the channel. */
export function createTaskLog(
  send: (level: LogLevel, message: string, fields?: Record<string, unknown>) => void,
): HandlerLog {
  const at =
    (level: LogLevel): Write =>
    (message, fields) =>
      send(level, plainMessage(message), fields && plainFields(fields));
  return Object.assign(at('info'), { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
}

function plainMessage(message: unknown): string {
  return clip(typeof message === 'string' ? message : inspected(message), longestMessage);
}

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainField(value)]));
}

function plainField(value: unknown): unknown {
  if (isError(value)) return plainError(value);
  return findUnsendable(value, '', largestField) ? clip(inspected(value), largestField) : value;
}

/** For people to read. An object may have getters that throw, and ways of its own to be inspected. */
function inspected(value: unknown): string {
  try {
    return inspect(value, { depth: 3, customInspect: false });
  } catch {
    return messageOf(value);
  }
}
