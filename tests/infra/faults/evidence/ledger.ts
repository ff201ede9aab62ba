import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an adder expects of a task that it adds. `ended`: any end will do. */
export type Expectation = 'done' | 'failed' | 'ended';

/**
 * One line of the ledger. `call` names one call of addTask or addTasks, unique over all processes; `due` is when its
 * tasks fall due by the machine's clock, `role` the pid of a worker's role.
 */
export type Line =
  | {
      kind: 'ask';
      call: string;
      tasks: number;
      expects: Expectation;
      once?: boolean;
      _id?: string;
      uniqueKey?: string;
      due?: number;
      role?: number;
      /** The call whose tasks must all have ended before this one begins. */
      afterAllOf?: string;
    }
  | { kind: 'ack'; call: string; ids: string[] }
  | { kind: 'refused'; call: string; error: string; message: string }
  | { kind: 'start'; task: string; token: string; attempt: number; version?: number; role?: number }
  | { kind: 'effect'; task: string; token: string }
  | { kind: 'end'; task: string; token: string; how: string }
  | { kind: 'fault'; what: string; target?: number }
  /** A mongod was killed on purpose: it may forget what it had not written to its journal. */
  | { kind: 'database-killed' }
  /** A role was told to end: from now on it may hand back what it has begun. */
  | { kind: 'told-to-end'; role: number }
  | { kind: 'crash'; error: string };

/** A line as it is read: which process wrote it, and when by the machine's clock. */
export type Written<L = Line> = L & { pid: number; at: number };

/**
 * The ledger lies outside of the database: a folder with one append-only file for each process. A line is written whole
 * before the call returns, so that a process that is killed right after has said it all the same.
 */
export class Ledger {
  private readonly file: string;

  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `${name}-${process.pid}.jsonl`);
  }

  write(line: Line): void {
    appendFileSync(this.file, `${JSON.stringify({ ...line, pid: process.pid, at: realNow() })}\n`);
  }
}

/** All lines of all processes, in the order of their time. The last line of a process that was killed may be torn. */
export function readLedger(folder: string): Written[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.jsonl'));
  return files.flatMap(name => readLines(join(folder, name))).sort((a, b) => a.at - b.at);
}

function readLines(file: string): Written[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    try {
      return line ? [JSON.parse(line) as Written] : [];
    } catch (cause) {
      if (index === lines.length - 1) return [];
      throw new Error(`${file}: line ${index + 1} is no line of a ledger`, { cause });
    }
  });
}

/** The machine's time, also in a process whose `Date` is shifted. */
export function realNow(): number {
  return performance.timeOrigin + performance.now();
}
