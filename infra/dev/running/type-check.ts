import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { howItEnded } from '../process-tree';
import { label, printLines } from './log-lines';

/** A check with hundreds of errors shows the first of them. */
const mostShown = 10;

const types = { name: 'types' };

/**
 * The types of the whole checkout, checked at each change beside the roles: `tsc --watch` in a process of its own, which
 * gives way to them and ends with this one.
 */
export class TypeCheck {
  private child?: ChildProcess;
  private stopping = false;

  constructor(private readonly root: string) {}

  /** Does nothing where TypeScript is not installed. */
  start(): void {
    const tsc = join(this.root, 'node_modules', 'typescript', 'lib', 'tsc.js');
    if (!existsSync(tsc)) return;
    const child = this.launch(tsc);
    this.child = child;
    printLines(types, child.stderr!);
    const report = new TypeReport();
    createInterface({ input: child.stdout! }).on('line', line => {
      for (const text of report.hear(line)) console.log(`${label(types)} ${text}`);
    });
    child.once('exit', (code, signal) => {
      if (!this.stopping)
        console.log(`${label(types)} tsc has ended (${howItEnded(code, signal)}): types are not checked any more`);
    });
  }

  /** Resolves when the process is gone. Twice is fine. */
  async stop(): Promise<void> {
    this.kill();
    const { child } = this;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise(resolve => child.once('exit', resolve));
  }

  kill(): void {
    this.stopping = true;
    this.child?.kill('SIGKILL'); // it has nothing to put away
  }

  private launch(tsc: string): ChildProcess {
    const buildInfo = join('.local', 'types.json');
    const watch = ['--watch', '--preserveWatchOutput', '--noEmit', '--incremental', '--tsBuildInfoFile', buildInfo];
    const child = spawn(
      process.execPath,
      ['--require', join(__dirname, 'ends-with-parent.cjs'), tsc, ...watch, '--pretty', 'false', '--locale', 'en'],
      { cwd: this.root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    child.on('error', error => console.log(`${label(types)} tsc could not start: ${error.message}`));
    if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    return child;
  }
}

/** What a person reads of the output of `tsc --watch`: the errors of a check, and that there are none any more. */
export class TypeReport {
  private errors: string[] = [];
  /** What was said last. */
  private said = '';

  /** @returns the lines to print after this line of tsc's. */
  hear(line: string): string[] {
    const [, file, row, column, code, text] = /^(?:(\S.*)\((\d+),(\d+)\): )?error (TS\d+): (.*)$/.exec(line) ?? [];
    if (code) this.errors.push(`${file ? `${file}:${row}:${column} ` : ''}${text} (${code})`);
    return /Found \d+ errors?\. /.test(line) ? this.result() : [];
  }

  private result(): string[] {
    const errors = this.errors;
    this.errors = [];
    const said = errors.join('\n');
    if (said === this.said && this.said !== '') return []; // the change had nothing to do with them
    const mended = this.said !== '';
    this.said = said;
    if (errors.length === 0) return mended ? ['the types are right again'] : [];
    const more = errors.length - mostShown;
    return [
      errors.length === 1 ? '1 error' : `${errors.length} errors`,
      ...errors.slice(0, mostShown),
      ...(more > 0 ? [`and ${more} more: npx tsc lists them`] : []),
    ];
  }
}
