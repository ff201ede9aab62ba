import { type ChildProcess, fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { messageOf, plainError } from '../../errors/plain-error';
import type { TaskError } from '../../queue/model/task';
import { Outbox, sendEach } from '../protocol/channel';
import { LineSplitter } from '../protocol/line-splitter';
import type { ToRole, ToWorker } from '../protocol/messages';
import { parseBatch, parseFromWorker } from '../protocol/parse-message';
import type { Attempt, AttemptWorker } from './attempt-registry';

/** How a worker ended. */
export interface WorkerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The exception that ended it, or what kept it from starting. */
  error?: TaskError;
}

export interface WorkerListener {
  onMessage(worker: WorkerProcess, message: ToRole): void;
  onLine(worker: WorkerProcess, stream: 'stdout' | 'stderr', line: string): void;
  /** A malformed batch or message; it is dropped. */
  onMalformedMessage(worker: WorkerProcess, error: unknown): void;
  /** The channel refuses a message; the others of its batch are sent. */
  onUnsendable(worker: WorkerProcess, message: ToWorker, error: unknown): void;
  /** Called once, when the process is gone and all that it sent has been read. */
  onExit(worker: WorkerProcess, exit: WorkerExit): void;
}

export interface ForkOptions {
  file: string;
  env: NodeJS.ProcessEnv;
  niceness: number;
  heapLimitMb: number;
  /** The port of its inspector; unset: it has none. */
  inspector?: number;
}

/** How long the role reads what is left in a dead worker's channel and output. */
const exitReadMs = 1_000;
const stderrLines = 20;

const nodeFlags = ['--enable-source-maps'];

/** Opens an inspector for this machine alone, and says nothing about it on stderr. */
export const inspectorFlags = (port: number) => [`--inspect=127.0.0.1:${port}`, '--inspect-publish-uid=http'];

/** One worker process: its channel, its load and its end. */
export class WorkerProcess implements AttemptWorker {
  state: 'starting' | 'ready' | 'leaving' = 'starting';
  /** The attempts that it got and has not finished, in order of arrival. */
  readonly attempts = new Map<number, Attempt>();
  /** The share that its attempts take, 1 for a full worker, more while short tasks wait inside it. */
  load = 0;
  /** How long its attempts will probably take together, in milliseconds. */
  backlogMs = 0;
  finished = 0;
  rss = 0;
  /** What it has used of the processor, in milliseconds, as far as it has told. */
  cpuMs = 0;
  readonly inspector: number | undefined;
  readonly startedAt = Date.now();
  /** When its hello came. */
  readyAt: number | undefined;
  lastMessageAt = Date.now();
  /** Why the role killed it, if it did. */
  killedBecause: string | undefined;
  /** The last lines of its stderr, for the message when it crashes. */
  readonly stderr: string[] = [];
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;

  private readonly child: ChildProcess;
  private readonly outbox: Outbox<ToWorker>;
  private stopping: Promise<void> | undefined;
  private exitError: TaskError | undefined;

  constructor(
    { file, env, niceness, heapLimitMb, inspector }: ForkOptions,
    private readonly listener: WorkerListener,
  ) {
    this.inspector = inspector;
    this.child = fork(file, [], {
      env,
      execArgv: [
        ...nodeFlags,
        ...(heapLimitMb > 0 ? [`--max-old-space-size=${heapLimitMb}`] : []),
        ...(inspector === undefined ? [] : inspectorFlags(inspector)),
      ],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.outbox = new Outbox(messages => this.write(messages));
    this.lowerPriority(niceness);
    this.readLines('stdout', this.child.stdout);
    this.readLines('stderr', this.child.stderr);
    this.child.on('message', batch => this.receive(batch));
    this.exited = this.watchExit();
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Goes out with all other messages of this tick. */
  send(message: ToWorker): void {
    this.outbox.push(message);
  }

  /** Writes what `send` collected. */
  flush(): void {
    this.outbox.flush();
  }

  /** Stops an idle worker: it exits by itself when the channel closes; if it doesn't, the role kills it. */
  stop(graceMs: number): Promise<void> {
    this.stopping ??= this.disconnect(graceMs);
    return this.stopping;
  }

  private async disconnect(graceMs: number): Promise<void> {
    this.state = 'leaving';
    this.flush();
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(because: string): void {
    this.killedBecause ??= because;
    this.state = 'leaving';
    this.child.kill('SIGKILL');
  }

  private write(messages: ToWorker[]): void {
    // A channel that closed under the message means an exit, which `onExit` reports.
    if (!this.child.connected) return;
    sendEach(
      messages,
      part => this.child.send(part, () => {}),
      (message, error) => this.listener.onUnsendable(this, message, error),
    );
  }

  private receive(batch: unknown): void {
    this.lastMessageAt = Date.now();
    this.dropMalformed(() => {
      const { messages, rss, cpuMs } = parseBatch(batch);
      this.rss = rss ?? this.rss;
      this.cpuMs = cpuMs ?? this.cpuMs;
      for (const message of messages) this.dropMalformed(() => this.handle(parseFromWorker(message)));
    });
  }

  private handle(message: ToRole): void {
    if (message.kind === 'fatal') this.exitError = message.error;
    else this.listener.onMessage(this, message);
  }

  /** Drops a malformed message, and nothing else with it. */
  private dropMalformed(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.listener.onMalformedMessage(this, error);
    }
  }

  private lowerPriority(niceness: number): void {
    if (niceness === 0 || !this.child.pid) return;
    try {
      setPriority(this.child.pid, niceness);
    } catch (error) {
      this.listener.onLine(this, 'stderr', `its priority could not be lowered: ${messageOf(error)}`);
    }
  }

  private readLines(stream: 'stdout' | 'stderr', readable: Readable | null): void {
    const splitter = new LineSplitter(line => {
      if (stream === 'stderr') this.stderr.push(line);
      if (this.stderr.length > stderrLines) this.stderr.shift();
      this.listener.onLine(this, stream, line);
    });
    readable?.setEncoding('utf8');
    readable?.on('data', text => splitter.push(text));
    readable?.on('end', () => splitter.end());
  }

  /** The exit event may come before the last messages are read: what the worker still sent about its tasks counts. */
  private async watchExit(): Promise<void> {
    const { stdout, stderr } = this.child;
    const allRead = Promise.all([
      emitted(this.child, 'disconnect'),
      emitted(stdout, 'close'),
      emitted(stderr, 'close'),
    ]);
    const exit = await new Promise<WorkerExit>(resolve => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
      this.child.on('error', error => {
        if (!this.child.pid) resolve({ code: null, signal: null, error: plainError(error) });
      });
    });
    if (this.child.pid) await Promise.race([allRead, after(exitReadMs)]);
    this.listener.onExit(this, this.exitError ? { ...exit, error: this.exitError } : exit);
  }
}

function emitted(emitter: EventEmitter | null, event: string): Promise<unknown> {
  return new Promise(resolve => emitter?.once(event, resolve));
}

/** A handler's own child process may hold the pipes open for ever. */
function after(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms).unref());
}
