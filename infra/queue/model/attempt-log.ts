import { clip } from '../../errors/plain-error';

/** A line that was written while an attempt ran: by `context.log`, which has a level, or to an output of its worker. */
export interface LogLine {
  /** Milliseconds since 1970, with fractions: lines of one millisecond have an order, too. */
  at: number;
  level?: 'debug' | 'info' | 'warn' | 'error';
  stream?: 'stdout' | 'stderr';
  text: string;
  /** What `context.log` was given beside the text, as JSON. */
  fields?: string;
}

/** The last lines of an attempt. */
export interface AttemptLog {
  lines: LogLine[];
  /** How many came before them, and were not kept. */
  dropped: number;
}

const mostLines = 200;
const mostBytes = 64 * 1_024;
const longestText = 8_000;

/** Keeps the last lines: 200 and 64 KB at most. */
export class LastLines {
  private kept: LogLine[] = [];
  private bytes = 0;
  private count = 0;

  push(line: LogLine): void {
    const { text, fields } = line;
    const short = { ...line, text: clip(text, longestText), ...(fields && { fields: clip(fields, longestText) }) };
    this.kept.push(short);
    this.count += 1;
    this.bytes += bytesOf(short);
    while (this.kept.length > mostLines || this.bytes > mostBytes) this.bytes -= bytesOf(this.kept.shift() as LogLine);
  }

  get log(): AttemptLog {
    return { lines: this.kept, dropped: this.count - this.kept.length };
  }
}

function bytesOf({ text, fields = '' }: LogLine): number {
  return Buffer.byteLength(text) + Buffer.byteLength(fields);
}

/** The lines of several sources in the order of their times; undefined where there are none. */
export function mergedLog(...sources: readonly (AttemptLog | undefined)[]): AttemptLog | undefined {
  const logs = sources.filter(source => source !== undefined);
  if (logs.length === 0) return undefined;
  const last = new LastLines();
  for (const line of logs.flatMap(({ lines }) => lines).sort((a, b) => a.at - b.at)) last.push(line);
  const { lines, dropped } = last.log;
  return { lines, dropped: logs.reduce((sum, log) => sum + log.dropped, dropped) };
}
