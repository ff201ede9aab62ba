import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { GrowingPause, inSeconds } from '../growing-pause';
import { howItEnded, signalGroup } from '../process-tree';
import type { LocalRole } from '../roles';
import { label, printLines } from './log-lines';

const pauses = { firstMs: 1_000, maxMs: 60_000, soundAfterMs: 60_000 };

/** A role while `npm start` runs: one that dies is started again, after a pause that grows as long as it keeps dying. */
export class KeptRole {
  private readonly process: RoleProcess;
  private readonly pause = new GrowingPause(pauses);
  private readyAt = 0;
  /** Until the next start. */
  private timer?: NodeJS.Timeout;
  /** Counts what was asked for: a start that still goes on when something else is asked for has no say any more. */
  private orders = 0;

  constructor(options: Omit<RoleOptions, 'onDeath'>) {
    this.process = new RoleProcess({ ...options, onDeath: how => this.died(how) });
  }

  get role(): LocalRole {
    return this.process.role;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Resolves when the role listens. @throws when it ends before that; it is not tried again then. */
  async start(): Promise<void> {
    await this.process.start();
    this.readyAt = performance.now();
  }

  /** Drains the role and starts it anew; resolves when that is done, or left to a later try. */
  async restart(): Promise<void> {
    const order = this.newOrder();
    this.pause.reset();
    await this.process.stop();
    await this.startAgain(order);
  }

  /** Lets the role drain. Twice is fine. */
  async stop(): Promise<void> {
    this.newOrder();
    await this.process.stop();
  }

  kill(): void {
    this.newOrder();
    this.process.kill();
  }

  private newOrder(): number {
    clearTimeout(this.timer);
    this.orders += 1;
    return this.orders;
  }

  private died(how: string): void {
    const pauseMs = this.pause.next(performance.now() - this.readyAt);
    console.log(`${label(this.role)} has died (${how}): it starts again in ${inSeconds(pauseMs)}`);
    this.startLater(pauseMs);
  }

  private startLater(pauseMs: number): void {
    const order = this.newOrder();
    this.timer = setTimeout(() => void this.startAgain(order), pauseMs);
  }

  private async startAgain(order: number): Promise<void> {
    if (order !== this.orders) return;
    try {
      await this.start();
      console.log(`${label(this.role)} is ready again`);
    } catch (error) {
      if (order === this.orders) this.failed(error as Error);
    }
  }

  private failed({ message }: Error): void {
    const pauseMs = this.pause.next(0);
    console.error(`${message}. The next try is in ${inSeconds(pauseMs)}, or when a file changes`);
    this.startLater(pauseMs);
  }
}

interface RoleOptions {
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
class RoleProcess {
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
