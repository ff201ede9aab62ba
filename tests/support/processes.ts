import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isAlive, parentOf, signalGroup } from '../../infra/dev/process-tree';
import { eventually } from './eventually';

export { isAlive };

/** A real process, started in a group of its own as by a terminal, with all that it has said so far. */
export class TestProcess {
  readonly pid: number;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private said = '';
  private hasEnded = false;

  constructor(child: ChildProcess) {
    this.pid = child.pid!;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => this.hear(chunk));
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.hasEnded = true;
        resolve(signal ?? code!);
      });
    });
  }

  /** Everything that it has printed, both streams. */
  get output(): string {
    return this.said;
  }

  /** Resolves when it has printed something that matches. @throws with its output when it ends, or not in time. */
  async says(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    const said = await eventually(() => pattern.exec(this.said) ?? this.hasEnded, { timeoutMs }).catch(() => null);
    const match = said === true ? pattern.exec(this.said) : said;
    if (match) return match;
    throw new Error(`${this.pid} ${said ? 'ended and' : ''} did not say ${pattern}. It said:\n${this.said}`);
  }

  /** As Ctrl-C in a terminal: reaches every process of the group. */
  interrupt(): void {
    signalGroup(this.pid, 'SIGINT');
  }

  /** Signals this one process only. */
  signal(signal: NodeJS.Signals): void {
    if (isAlive(this.pid)) process.kill(this.pid, signal);
  }

  /** Ends the whole group at once. */
  kill(): void {
    signalGroup(this.pid, 'SIGKILL');
  }

  private hear(chunk: Buffer): void {
    this.said += chunk.toString();
  }
}

/** Starts a real program; nothing is typed into it. */
export function startProcess(command: string, args: string[], options: SpawnOptions = {}): TestProcess {
  return new TestProcess(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options }));
}

/** The processes that `pid` has started and that still run, and theirs. Linux only. */
export function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(candidate => parentOf(candidate) === pid);
  return children.flatMap(child => [child, ...descendants(child)]);
}

/** What a process was started with, as one line. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return ''; // it has ended
  }
}
