import { createHash } from 'node:crypto';
import type { Task, TaskError } from './task';

/** The error with its fingerprint. */
export function fingerprinted(task: Task, error: TaskError): TaskError {
  return { ...error, fingerprint: error.fingerprint ?? fingerprintOf(task.taskType, error) };
}

/**
 * Groups errors that are the same to a developer: task type, error name, message without numbers and ids, top frame
 * without its line (a line moves with every edit above it).
 */
export function fingerprintOf(taskType: string, error: TaskError): string {
  const parts = [taskType, error.name, withoutIds(error.message), topFrame(error.stack)];
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22);
}

/** The message with everything that differs from one occurrence to the next replaced by a sign. */
export function withoutIds(message: string): string {
  return message
    .slice(0, 1_000)
    .replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<id>')
    .replace(/\b(?=\w*\d)(?=\w*[a-z])\w{8,}\b/gi, '<id>')
    .replace(/(["'`])(?:(?!\1).){1,200}\1/g, '<text>')
    .replace(/-?\d+(?:[.,]\d+)*/g, '<number>');
}

function topFrame(stack = ''): string {
  const frame = stack.split('\n').find(line => /^\s+at /.test(line)) ?? '';
  return frame.trim().replace(/:\d+:\d+\)?$/, '');
}
