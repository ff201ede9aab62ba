import { type ChildProcess, spawn } from 'node:child_process';
import { howItEnded, isGroupAlive, signalGroup } from '../process-tree';
import type { Role } from '../roles';
import { label, printLines } from '../running/log-lines';

export interface MeteorOptions {
  role: Role;
  /** The Meteor tool. */
  tool: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** The tool ends before the role that it has started, which drains for some seconds. */
const graceMs = 40_000;
const lookEveryMs = 100;

/** `meteor run` for one role, in its own process group: a terminal's Ctrl-C reaches it only through us. */
export class MeteorProcess {
  private child?: ChildProcess;
  private stopping?: Promise<void>;

  constructor(private readonly options: MeteorOptions) {}

  /** Resolves with a description when the tool has ended by itself. @throws if it can't be started. */
  run(): Promise<string> {
    const { role, tool, args, cwd, env } = this.options;
    const child = spawn(tool, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    printLines(role, child.stdout);
    printLines(role, child.stderr);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(`${label(role)} has ended (${howItEnded(code, signal)})`));
    });
  }

  /** Resolves when neither the tool nor any process that it started is left. Twice is fine. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  kill(): void {
    if (this.child?.pid) signalGroup(this.child.pid, 'SIGKILL');
  }

  private async end(): Promise<void> {
    const pid = this.child?.pid;
    if (!pid) return;
    // The tool ends the processes that it has started; if it is gone already, we signal them.
    if (!this.child!.kill('SIGTERM')) signalGroup(pid, 'SIGTERM');
    const until = Date.now() + graceMs;
    // The group: the tool, its MongoDB and the role itself.
    while (isGroupAlive(pid) && Date.now() < until) await new Promise(resolve => setTimeout(resolve, lookEveryMs));
    this.kill();
  }
}
