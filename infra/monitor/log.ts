import pino, { type Logger } from 'pino';
import { isError, plainError } from '../errors/plain-error';
import type { EventFields, Events } from './events';
import { lineOf } from './messages';
import { oneLine } from './one-line';
import { readable } from './pretty-format';

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
