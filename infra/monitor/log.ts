import pino, { type Logger } from 'pino';
import { isError, plainError } from '../errors/plain-error';
import type { EventFields, Events } from './events';
import { lineOf } from './messages';
import { oneLine } from './one-line';

export interface LogOptions {
  format: 'readable' | 'json';
  level: 'debug' | 'info' | 'warn' | 'error';
  /** False where whoever passes the lines on writes the time before each. A line of JSON always has it. */
  time?: boolean;
}

export type Log = Logger;

/** Where lines go; stdout unless a test looks at them. */
export interface Destination {
  write(line: string): void;
}

/** The log of a process: lines for people or JSON for machines, as the settings say. */
export function createLog({ format, level, time = true }: LogOptions, to: Destination = process.stdout): Log {
  const written = format === 'readable' ? readable : oneJson;
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: (time || format === 'json') && pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: (line: string) => void to.write(written(line)) },
  );
}

/** JSON itself leaves signs alone that some readers end a line at, or act upon. */
const oneJson = (line: string) => `${oneLine(line.trimEnd())}\n`;

/** Writes a line for each event. The one place where events become words. */
export function logEvents(events: Events, log: Log): () => void {
  return events.on('*', (name, fields) => {
    const { level, text } = lineOf(name, fields);
    const { level: _, message: __, ...rest } = withPlainErrors(fields);
    log[level]({ event: name, ...rest }, text);
  });
}

/** An Error has no fields of its own for JSON: name, message and stack are what one wants to read. */
function withPlainErrors(fields: EventFields): EventFields {
  const plain = (value: unknown) => (isError(value) ? plainError(value) : value);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}

type Entry = Record<string, unknown>;

/** Fields that the line itself shows, or that are of no use to a person. */
const notShown = new Set(['level', 'time', 'pid', 'msg', 'event', 'error', 'runId']);
/** Fields that the head of a task's line shows. */
const inTaskHead = new Set(['taskType', 'taskId']);

/**
 * One JSON line of the log as a line for people:
 * `2026-11-21T15:04:05.123Z:tandem:task:buildReport:Ab3 done in 12 ms`, then what else the event holds. An entry
 * without a time begins at the name.
 */
function readable(json: string): string {
  const entry = JSON.parse(json) as Entry;
  const level = entry.level === 'warn' || entry.level === 'error' ? `${String(entry.level).toUpperCase()} ` : '';
  const ofTask = isOfTask(entry);
  const details = Object.entries(entry).filter(([name]) => !notShown.has(name) && !(ofTask && inTaskHead.has(name)));
  const rest = details.map(([name, value]) => ` ${name}=${printed(value)}`).join('');
  return `${oneLine(`${head(entry)} ${level}${entry.msg}${rest}${errorOf(entry.error)}`)}\n`;
}

const isOfTask = ({ taskType, taskId }: Entry): boolean => Boolean(taskType && taskId);

/** meteor-cluster's head for a task's lines, a shorter one of the same make for all others. */
function head(entry: Entry): string {
  const { time, event, taskType, taskId } = entry;
  const start = time === undefined ? 'tandem' : `${time}:tandem`;
  if (isOfTask(entry)) return `${start}:task:${word(taskType)}:${word(taskId)}`;
  const area = typeof event === 'string' ? event.split('.')[0] : 'log';
  return `${start}:${area}`;
}

const word = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function printed(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}

/** With its stack, the frames one after the other: a line is all that an entry has. */
function errorOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === undefined ? '' : `: ${word(error)}`;
  const { name, message, stack } = error as { name?: string; message?: string; stack?: string };
  return `: ${stack ?? `${name}: ${message}`}`.replace(/\n\s*/g, ' | ');
}
