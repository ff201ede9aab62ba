import { isNativeError } from 'node:util/types';
import type { TaskError } from '../../queue/task';

const longestMessage = 10_000;
const longestStack = 20_000;

/**
 * An error as it is kept: plain data. Whatever was thrown becomes one, with its causes at the end of its stack.
 *
 * @param thrown anything: also what is not an Error, or whose message can't be read.
 */
export function toTaskError(thrown: unknown): TaskError {
  if (!isError(thrown)) return { name: 'NotAnError', message: `threw ${show(thrown)}, which is not an Error` };
  return {
    name: clip(String(thrown.name || 'Error'), 200),
    message: clip(String(thrown.message), longestMessage),
    stack: clip(stackWithCauses(thrown), longestStack),
  };
}

export function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value);
}

/** A thrown value in a line, without ever throwing itself. */
function show(value: unknown): string {
  try {
    if (typeof value === 'function') return `the function ${value.name || 'without a name'}`;
    return clip(JSON.stringify(value) ?? String(value), 500);
  } catch {
    return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  }
}

function stackWithCauses(error: Error, depth = 0): string {
  const own = String(error.stack ?? `${error.name}: ${error.message}`);
  if (error.cause === undefined || depth > 4) return own;
  return `${own}\nCaused by: ${isError(error.cause) ? stackWithCauses(error.cause, depth + 1) : show(error.cause)}`;
}

function clip(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
