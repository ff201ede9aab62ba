import { inspect, types } from 'node:util';
import { clip, isError, messageOf, plainError, show } from '../../errors/plain-error';
import type { HandlerLog, Write } from '../handler';
import { sendable } from '../protocol/channel';
import type { LogLevel } from '../protocol/messages';

const longestNote = 200;

/** A task's progress on its way to the role: checked, and no more often than somebody can watch it. */
export class AttemptProgress {
  private sentAt = Number.NEGATIVE_INFINITY;
  private latest: { fraction: number; note?: string } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly everyMs: number,
    private readonly send: (fraction: number, note?: string) => void,
  ) {}

  /** @throws TypeError that names what is wrong; nothing is sent then. */
  report(fraction: number, note?: string): void {
    this.latest = { fraction: parseFraction(fraction), note: parseNote(note) };
    const wait = this.sentAt + this.everyMs - performance.now();
    if (wait <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait).unref();
  }

  /** Sends what was held back: the last progress of a task always arrives. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.latest) return;
    const { fraction, note } = this.latest;
    this.latest = undefined;
    this.sentAt = performance.now();
    this.send(fraction, note);
  }
}

function parseFraction(fraction: unknown): number {
  if (typeof fraction !== 'number' || Number.isNaN(fraction))
    throw new TypeError(`progress: fraction ${show(fraction)} is not a number from 0 to 1`);
  return Math.min(1, Math.max(0, fraction));
}

function parseNote(note: unknown): string | undefined {
  if (note === undefined || note === null) return undefined;
  if (typeof note !== 'string') throw new TypeError(`progress: note ${show(note)} is not a text`);
  return clip(note, longestNote);
}

const longestMessage = 8_000;
const largestField = 16_000;
const mostFields = 100;
const longestName = 200;

/** @param send gets texts and plain data only, so that nothing that a handler logs can break the channel. */
export function createLog(
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
  if (isError(fields) || typeof fields !== 'object' || types.isProxy(fields)) return { fields: plainField(fields) };
  const names = Object.keys(fields).slice(0, mostFields);
  return Object.fromEntries(names.map(name => [clip(name, longestName), plainField(read(fields, name))]));
}

function plainField(field: unknown): unknown {
  if (isError(field)) return plainError(field);
  const { value, problems } = sendable(field, '', largestField);
  return problems.length === 0 ? value : clip(inspected(field), largestField);
}

/** A getter that throws costs its field, not the task. */
function read(fields: Record<string, unknown>, name: string): unknown {
  try {
    return fields[name];
  } catch (error) {
    return `its getter throws: ${messageOf(error)}`;
  }
}

/** Text for people. An object may have getters that throw, or its own way to be inspected. */
function inspected(value: unknown): string {
  try {
    return inspect(value, { depth: 3, customInspect: false });
  } catch {
    return messageOf(value);
  }
}
