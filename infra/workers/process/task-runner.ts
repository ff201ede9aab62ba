import { type AnyCatalog, catalogHash } from '../../catalog';
import { messageOf, plainError, textOf } from '../../errors/plain-error';
import type { Task } from '../../queue/model/task';
import { currentRun } from '../handler-queue';
import { Questions } from '../ipc';
import { Outbox } from '../protocol/outbox';
import {
  type AbortReason,
  type FromWorker,
  protocolVersion,
  type RunOutcome,
  type ToRole,
  type ToWorker,
  type WorkerSettings,
} from '../protocol/protocol';
import { parseToWorker } from '../protocol/protocol-parse';
import { sendEach } from '../protocol/sendable';
import { withOverrides } from '../protocol/task-type-overrides';
import { fits, weightOf } from '../protocol/weight';
import { Intrinsics } from './intrinsics';
import { now } from './now';
import { type HandlerRegistry, isFatal, resultRefused, runTask } from './run-task';
import { TaskRun } from './task-run';
import { WorkerDatabase } from './worker-database';

/** The longest that tasks may follow each other without a look at the channel, and without a word about them. */
const longestTurnMs = 5;
/** How often the resident memory is measured at most. */
const measureEveryMs = 50;
/** How long a handler may go on after a rejection of its own that nobody handled. */
const strayGraceMs = 1_000;

/**
 * The worker's inside: takes the role's messages, runs tasks first come first served, as many at once as their types
 * allow, and sends what becomes of them.
 */
export class TaskRunner {
  private readonly outbox: Outbox<ToRole>;
  private readonly questions: Questions;
  private readonly intrinsics = new Intrinsics();
  private readonly running = new Map<number, TaskRun>();
  private waiting: { run: number; task: Task; quick: boolean }[] = [];
  private load = 0;
  private turnSince = 0;
  private pumpScheduled = false;
  private measuredAt = 0;
  private settings: WorkerSettings = { appName: '', resultLimit: 1_048_576, progressEveryMs: 250 };
  private database = new WorkerDatabase(undefined, '');

  constructor(
    private catalog: AnyCatalog,
    private readonly handlers: HandlerRegistry,
    write: (batch: FromWorker) => void,
  ) {
    const send = (messages: ToRole[]) => write({ messages, rss: this.measure() });
    this.outbox = new Outbox(messages => sendEach(messages, send, (one, error) => this.unsendable(one, error)));
    this.questions = new Questions(question => this.sendNow(question));
  }

  /** The first thing that a worker says. */
  hello(): void {
    const handlers = Object.keys(this.handlers);
    this.sendNow({ kind: 'hello', protocol: protocolVersion, catalogHash: catalogHash(this.catalog), handlers });
  }

  receive(batch: unknown): void {
    this.turnSince = performance.now();
    for (const message of Array.isArray(batch) ? batch : [batch]) this.understand(message);
    this.pump();
  }

  /** A rejection that nobody handled fails the task that it came from. */
  rejected(reason: unknown): void {
    const current = currentRun.getStore() as TaskRun | undefined;
    const run = current ?? this.onlyRun();
    if (run && this.running.has(run.run)) this.stray(run, reason);
    else console.error('A promise that no running task waits for was rejected:', textOf(reason));
  }

  /** Says what is still to be said, before the process ends. */
  flush(): void {
    this.outbox.flush();
  }

  /** The last words before the process ends of an exception that nobody caught. */
  dying(thrown: unknown): void {
    this.sendNow({ kind: 'dying', error: plainError(thrown) });
  }

  /** What this worker can't understand fails the one task that it is about, and no other one. */
  private understand(message: unknown): void {
    try {
      this.act(parseToWorker(message));
    } catch (thrown) {
      const { run } = (message ?? {}) as { run?: unknown };
      console.error(messageOf(thrown));
      if (typeof run === 'number')
        this.finished(run, { kind: 'failed', fatal: true, error: plainError(thrown) }, now());
    }
  }

  /** What is sent is a checked copy, so that nothing should come here; if it does, its neighbours are not to pay. */
  private unsendable(message: ToRole, thrown: unknown): void {
    const error = plainError(thrown);
    switch (message.kind) {
      case 'finished':
        this.sendNow({ ...message, outcome: resultRefused(`result: ${error.message}`) });
        break;
      case 'log':
        this.sendNow({ ...message, fields: { unsendable: error.message } });
        break;
      case 'ask':
      case 'add':
        this.questions.refuse(message.ask, error);
        break;
      default:
        console.error(`A message of the kind ${message.kind} can't be sent: ${error.message}`);
    }
  }

  private act(message: ToWorker): void {
    switch (message.kind) {
      case 'begin':
        this.settings = message.settings;
        this.catalog = withOverrides(this.catalog, message.settings.types ?? {});
        this.database = new WorkerDatabase(message.settings.databaseUrl, message.settings.appName);
        break;
      case 'run':
        this.waiting.push(message);
        break;
      case 'abort':
        this.abort(message.run, message.reason);
        break;
      case 'giveBack':
        this.giveBack();
        break;
      case 'answer':
        this.questions.answer(message.ask, message.value);
        break;
      case 'refusal':
        this.questions.refuse(message.ask, message.error);
    }
  }

  private abort(run: number, reason: AbortReason): void {
    const waiting = this.waiting.find(candidate => candidate.run === run);
    if (waiting) {
      this.waiting = this.waiting.filter(candidate => candidate !== waiting);
      this.finished(run, { kind: 'aborted', reason }, now());
    } else this.running.get(run)?.abort(reason);
  }

  /** Starts what has room. Messages get their turn between tasks, however short these are. */
  private pump(): void {
    while (this.waiting.length > 0) {
      const next = this.waiting[0]!;
      const weight = weightOf(this.catalog, next.task.taskType);
      if (!fits(this.load, weight)) break;
      if (performance.now() - this.turnSince > longestTurnMs) {
        this.pumpLater();
        break;
      }
      this.waiting.shift();
      this.begin(new TaskRun(next.run, next.task, weight, this.surroundings()), next.quick);
    }
    // An idle worker says so at once; a busy one when its turn is over.
    if (this.running.size === 0) this.outbox.flush();
  }

  private pumpLater(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    setImmediate(() => {
      this.pumpScheduled = false;
      this.turnSince = performance.now();
      this.pump();
    });
  }

  private begin(run: TaskRun, quick: boolean): void {
    this.running.set(run.run, run);
    this.load += run.weight;
    this.outbox.push({ kind: 'started', run: run.run, at: run.startedAt });
    // Written before the handler gets its chance to end this process: the role must know whom to blame. A write costs
    // more than a quick task, so these share one; where one of them kills this process after all, the role gives it out
    // again as one that isn't quick.
    if (!quick) this.outbox.flush();
    currentRun.run(run, () => this.execute(run));
  }

  private async execute(run: TaskRun): Promise<void> {
    const outcome = await runTask(run.task, {
      catalog: this.catalog,
      handlers: this.handlers,
      handlerName: this.settings.types?.[run.task.taskType]?.handler,
      resultLimit: this.settings.resultLimit,
      context: run.context,
      aborted: () => run.aborted(),
    });
    if (this.running.has(run.run)) this.settle(run, run.stray ? strayOutcome(run.stray) : outcome);
  }

  /** A task that fails where a global is broken is not to be followed by others that fail of it. */
  private settle(run: TaskRun, outcome: RunOutcome): void {
    const replaced = outcome.kind === 'failed' ? this.intrinsics.findReplaced() : undefined;
    if (replaced) this.taint(`${run.task.taskType} failed, and a handler has replaced ${replaced}`);
    run.close();
    this.running.delete(run.run);
    this.load = this.running.size === 0 ? 0 : this.load - run.weight;
    this.finished(run.run, outcome, run.startedAt);
    this.pump();
  }

  private taint(why: string): void {
    this.sendNow({ kind: 'tainted', why });
    this.giveBack();
  }

  private giveBack(): void {
    const runs: number[] = [];
    for (const { run } of this.waiting) runs.push(run);
    this.waiting = [];
    this.sendNow({ kind: 'givenBack', runs });
  }

  private finished(run: number, outcome: RunOutcome, startedAt: number): void {
    this.outbox.push({ kind: 'finished', run, outcome, startedAt, finishedAt: now() });
  }

  private stray(run: TaskRun, reason: unknown): void {
    if (run.stray) return;
    run.goAstray(reason);
    setTimeout(() => {
      if (!this.running.has(run.run)) return;
      this.taint('a handler went on after a rejection that it did not handle');
      this.settle(run, strayOutcome({ reason }));
    }, strayGraceMs).unref();
  }

  private onlyRun(): TaskRun | undefined {
    return this.running.size === 1 ? this.running.values().next().value : undefined;
  }

  private surroundings() {
    const { settings, questions, database } = this;
    return { settings, questions, database, send: (message: ToRole) => this.sendNow(message) };
  }

  private sendNow(message: ToRole): void {
    this.outbox.push(message);
    this.outbox.flush();
  }

  private measure(): number | undefined {
    const at = performance.now();
    if (at - this.measuredAt < measureEveryMs) return undefined;
    this.measuredAt = at;
    return process.memoryUsage.rss();
  }
}

function strayOutcome({ reason }: { reason: unknown }): RunOutcome {
  const error = plainError(reason);
  return {
    kind: 'failed',
    fatal: isFatal(reason),
    error: { ...error, message: `a promise that the handler did not await was rejected: ${error.message}` },
  };
}
