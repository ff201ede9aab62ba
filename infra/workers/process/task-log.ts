import { inspect } from 'node:util';
import type { HandlerLog, Write } from '../handler';
import { findUnsendable } from '../protocol/plain-value';
import type { LogLevel } from '../protocol/protocol';
import { isError, toTaskError } from '../protocol/task-error';

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
  const text = typeof message === 'string' ? message : inspect(message, { depth: 3 });
  return text.slice(0, longestMessage);
}

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainField(value)]));
}

function plainField(value: unknown): unknown {
  if (isError(value)) return toTaskError(value);
  return findUnsendable(value, '', largestField) ? inspect(value, { depth: 3 }).slice(0, largestField) : value;
}
