import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { howItEnded, signalGroup } from '../process-tree';
import type { LocalRole } from '../roles';
import { printLines } from './log-lines';

export interface RoleOptions {
  role: LocalRole;
  /** The built server.js. */
  script: string;
  /** Read at each start: the settings may have changed meanwhile. */
  env(): NodeJS.ProcessEnv;
  /** Its TMPDIR, empty at each start: in production roles share no disk. */
  scratchFolder: string;
  /** Told when the process ends without having been asked to, after it was ready once. */
  onDeath(how: string): void;
}

/** How long a role may drain before it is killed. */
const graceMs = 30_000;

/** One role as a process of its own, in a process group of its own: a terminal's Ctrl-C reaches it by us only. */
export class RoleProcess {
  private child?: ChildProcess;
  private ended?: Promise<string>;
  private stopping = false;

  constructor(private readonly options: RoleOptions) {}

  get role(): LocalRole {
    return this.options.role;
  }

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the role listens. @throws when it ends before that. */
  async start(): Promise<void> {
    this.stopping = false;
    const child = this.launch();
    const ended = new Promise<string>(resolve => {
      child.once('exit', () => signalGroup(child.pid!, 'SIGKILL')); // workers that it could not take with it
      child.once('error', error => resolve(error.message)); // no process could be started
      child.once('close', (code, signal) => resolve(howItEnded(code, signal)));
    });
    this.child = child;
    this.ended = ended;
    const early = await Promise.race([ended, this.listens(child)]);
    if (early) throw new Error(`The ${this.role.name} role did not start (${early}): its last lines say why`);
    ended.then(how => {
      if (!this.stopping) this.options.onDeath(how);
    });
  }

  /** Lets the role drain; kills it and its workers after the grace. Twice is fine. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child, ended } = this;
    if (!child?.pid || !ended) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMs);
    await ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.stopping = true;
    if (this.child?.pid) signalGroup(this.child.pid, 'SIGKILL');
  }

  private launch(): ChildProcess {
    const { env, scratchFolder, script } = this.options;
    rmSync(scratchFolder, { recursive: true, force: true });
    mkdirSync(scratchFolder, { recursive: true });
    const endsWithParent = join(__dirname, 'ends-with-parent.cjs');
    const child = spawn(process.execPath, ['--enable-source-maps', '--require', endsWithParent, script], {
      detached: true,
      env: { ...env(), TMPDIR: scratchFolder },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    printLines(this.role, child.stdout!);
    printLines(this.role, child.stderr!);
    return child;
  }

  /** Resolves when the port answers: a host listens after all startup hooks are done. */
  private async listens(child: ChildProcess): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      if (await answers(this.role.port)) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await new Promise(() => {}); // it has ended: the race is decided by that
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
