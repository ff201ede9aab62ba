import { hostname } from 'node:os';
import pino, { type Logger } from 'pino';
import { isError, plainError } from '../errors/plain-error';
import { currentTrace } from '../tracing/tracing';
import type { EventFields, Events } from './events';
import { lineOf } from './messages';
import { oneLine } from './one-line';
import type { ProcessIdentity } from './processes';

export interface LogOptions {
  /** The app's, at the head of each readable line. */
  name?: string;
  format: 'readable' | 'json';
  level: 'debug' | 'info' | 'warn' | 'error';
  /**
   * How a readable line tells the time: `short` without the date, on this machine's clock; `none` if a program that passes
   * the lines on adds it. A line of JSON always has it in full. Default: `full`.
   */
  time?: 'full' | 'short' | 'none';
  /** What each line of JSON says of its process. */
  identity?: ProcessIdentity;
}

export type Log = Logger;

/** Where lines go; stdout except in tests. */
export interface Destination {
  write(line: string): void;
}

/** The log of a process: lines for people or JSON for machines, as the settings say. */
export function createLog(options: LogOptions, to: Destination = process.stdout): Log {
  const { format, level, time = 'full', identity, name = 'tandem' } = options;
  const isJson = format === 'json';
  const written = isJson ? oneJson : readable;
  const ofProcess = { pid: process.pid, ...(isJson && { host: hostname(), ...identity }) };
  return pino(
    {
      level,
      base: null,
      timestamp: isJson || time === 'full' ? pino.stdTimeFunctions.isoTime : time === 'short' && shortTime,
      formatters: {
        level: label => ({ level: label }),
        // One object, so that no name stands in a line twice.
        log: fields => ({ ...ofProcess, ...(isJson ? { ...currentTrace(), ...fields } : withoutRepeats(fields)) }),
      },
    },
    { write: (line: string) => void to.write(written(line, name)) },
  );
}

/** `15:04:05.123`, where this machine stands. */
function shortTime(): string {
  const now = new Date();
  const parts = [now.getHours(), now.getMinutes(), now.getSeconds()].map(part => String(part).padStart(2, '0'));
  return `,"time":"${parts.join(':')}.${String(now.getMilliseconds()).padStart(3, '0')}"`;
}

/** JSON does not escape some characters that end a line, or control a terminal. */
const oneJson = (line: string) => `${oneLine(line.trimEnd())}\n`;

/** Of an entry: the fields that its text says already. No line of JSON has a symbol. */
const inText = Symbol('in the text');

/** Writes a line for each event. Only here do events become text. */
export function logEvents(events: Events, log: Log): () => void {
  return events.on('*', (name, fields) => {
    const said = new Set<unknown>();
    const { level, text } = lineOf(name, noting(said, fields));
    const { level: _, message: __, ...rest } = withPlainErrors(fields);
    log[level]({ ...rest, event: name, [inText]: said }, text);
  });
}

/** The same fields; it notes which of them are read. */
function noting(said: Set<unknown>, fields: EventFields): EventFields {
  return new Proxy(fields, {
    get: (target, field) => {
      said.add(field);
      return Reflect.get(target, field);
    },
  });
}

/** A person reads the text first: what it has said is not said again. */
function withoutRepeats(fields: Entry): Entry {
  const said = (fields as { [inText]?: ReadonlySet<unknown> })[inText];
  const ofTask = isOfTask(fields);
  const isNew = (name: string) => !said?.has(name) || (ofTask && inTaskHead.has(name));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => isNew(name)));
}

/** An Error has no enumerable fields for JSON: this gives its name, message and stack. */
function withPlainErrors(fields: EventFields): EventFields {
  const plain = (value: unknown) => (isError(value) ? plainError(value) : value);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}

type Entry = Record<string, unknown>;

/** Fields that the text of the line has already, or that are useless to a person. */
const notShown = new Set(['level', 'time', 'pid', 'msg', 'event', 'error', 'runId', 'trace_id']);
/** Fields that the head of a task's line shows. */
const inTaskHead = new Set(['taskType', 'taskId']);

/**
 * One JSON line of the log as a line for people: `2026-11-21T15:04:05.123Z:tandem:task:buildReport:Ab3 done in 12 ms`,
 * then the other fields of the event. An entry without a time begins at the name.
 */
function readable(json: string, name: string): string {
  const entry = JSON.parse(json) as Entry;
  const level = entry.level === 'warn' || entry.level === 'error' ? `${String(entry.level).toUpperCase()} ` : '';
  const ofTask = isOfTask(entry);
  const details = Object.entries(entry).filter(([name]) => !notShown.has(name) && !(ofTask && inTaskHead.has(name)));
  const rest = details.map(([name, value]) => ` ${name}=${printed(value)}`).join('');
  return `${oneLine(`${head(entry, name)} ${level}${entry.msg}${rest}${errorOf(entry.error)}`)}\n`;
}

const isOfTask = ({ taskType, taskId }: Entry): boolean => Boolean(taskType && taskId);

/** The head of a line: meteor-cluster's for a task's lines, a shorter one of the same form for all others. */
function head(entry: Entry, name: string): string {
  const { time, event, taskType, taskId } = entry;
  const start = time === undefined ? name : `${time}:${name}`;
  if (isOfTask(entry)) return `${start}:task:${word(taskType)}:${word(taskId)}`;
  const area = typeof event === 'string' ? event.split('.')[0] : 'log';
  return `${start}:${area}`;
}

const word = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function printed(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}

/** An error with its stack on one line, since each entry has only one. */
function errorOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === undefined ? '' : `: ${word(error)}`;
  const { name, message, stack } = error as { name?: string; message?: string; stack?: string };
  return `: ${stack ?? `${name}: ${message}`}`.replace(/\n\s*/g, ' | ');
}
