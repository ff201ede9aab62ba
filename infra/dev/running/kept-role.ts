import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GrowingPause, inSeconds } from '../../timing/growing-pause';
import { inspectorFlags } from '../../workers/pool/worker-process';
import { howItEnded, signalGroup } from '../process-tree';
import type { LocalRole } from '../roles';
import { hasKeys } from './keys';
import { label, printLines } from './log-lines';

const pauses = { firstMs: 1_000, maxMs: 60_000, soundAfterMs: 60_000 };

/** A role while `npm start` runs: if it dies, this starts it again, after a pause that grows while it keeps dying. */
export class KeptRole {
  private readonly process: RoleProcess;
  private readonly pause = new GrowingPause(pauses);
  private readyAt = 0;
  /** Until the next start. */
  private timer?: NodeJS.Timeout;
  /** Counts the requests: a start in progress no longer matters when a later request comes. */
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

  /** Resolves when the role listens. @throws when it ends before that; there is no retry then. */
  async start(): Promise<void> {
    await this.process.start();
    this.readyAt = performance.now();
  }

  /** Drains the role and starts it again; resolves when that is done, or left to a later try. */
  async restart(): Promise<void> {
    const order = this.newOrder();
    this.pause.reset();
    await this.process.stop();
    await this.startAgain(order);
  }

  /** Drains the role. Twice is fine. */
  async stop(): Promise<void> {
    this.newOrder();
    await this.process.stop();
  }

  kill(): void {
    this.newOrder();
    this.process.kill();
  }

  /** Whether it drains, in a restart or at the end. */
  get isDraining(): boolean {
    return this.process.isDraining;
  }

  /** The tasks that it waits for go back to the queue, untouched: it drains at once. */
  handBackNow(): void {
    this.process.handBackNow();
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
  /** The port of its inspector; unset: it has none. */
  inspector?: number;
  /** Its TMPDIR, empty at each start: in production roles share no disk. */
  scratchFolder: string;
  /** Called when the process ends on its own, after it was ready. */
  onDeath(how: string): void;
}

/** What a role is granted: half of it for running tasks. Here one waits for the next version, and no task is lost. */
const drainSeconds = 6;
/** How long a role may drain before it is killed. */
const graceMs = 30_000;
/** One with an inspector stands still, perhaps, and hears nothing. */
const inspectedGraceMs = (drainSeconds + 1) * 1_000;
/** What Node writes to stderr when it would exit, but for a debugger that is still attached. */
const waitsForDebugger = /^Waiting for the debugger to disconnect/;

/** One role in its own process and process group: a terminal's Ctrl-C reaches it only through us. */
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
      child.once('exit', () => signalGroup(child.pid!, 'SIGKILL')); // workers that it has left behind
      child.once('error', error => resolve(error.message)); // the process could not be started
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

  /** Drains the role; kills it and its workers after the grace. Twice is fine. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child, ended } = this;
    if (!child?.pid || !ended) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), this.options.inspector === undefined ? graceMs : inspectedGraceMs);
    await ended;
    clearTimeout(timer);
  }

  get isDraining(): boolean {
    return this.stopping && this.isRunning;
  }

  handBackNow(): void {
    if (this.child?.connected) this.child.send('hand back now', () => {}); // it may just have ended
  }

  kill(): void {
    this.stopping = true;
    if (this.child?.pid) signalGroup(this.child.pid, 'SIGKILL');
  }

  private launch(): ChildProcess {
    const { env, inspector, scratchFolder, script } = this.options;
    rmSync(scratchFolder, { recursive: true, force: true });
    mkdirSync(scratchFolder, { recursive: true });
    const endsWithParent = join(__dirname, 'ends-with-parent.cjs');
    const flags = ['--enable-source-maps', ...(inspector === undefined ? [] : inspectorFlags(inspector))];
    const child = spawn(process.execPath, [...flags, '--require', endsWithParent, script], {
      detached: true,
      env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: String(drainSeconds), ...env(), TMPDIR: scratchFolder },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    printLines(this.role, child.stdout!, withKey);
    printLines(this.role, child.stderr!);
    if (inspector !== undefined)
      createInterface({ input: child.stderr! }).on('line', line => {
        if (waitsForDebugger.test(line)) child.kill('SIGKILL'); // all that it had to do is done
      });
    return child;
  }

  /** Resolves when the port answers: a host listens after all startup hooks are done. */
  private async listens(child: ChildProcess): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      if (await answers(this.role.port)) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await new Promise(() => {}); // it has ended: the other promise of the race reports that
  }
}

/** A wait that can be cut short says by which key. */
function withKey(line: string): string {
  const [, wait] = /^(\S*:[a-z0-9-]+:role waits for .*, up to [\d.]+ s)/.exec(line) ?? [];
  return wait && hasKeys() ? `${wait}; press r to hand them back now` : line;
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
