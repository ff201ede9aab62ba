import { type AnyCatalog, catalogHash } from '../../catalog';
import { messageOf, plainError, textOf } from '../../errors/plain-error';
import type { AttemptLog } from '../../queue/model/attempt-log';
import type { Task } from '../../queue/model/task';
import { processing } from '../../tracing/tracing';
import { Outbox, sendEach } from '../protocol/channel';
import {
  type AbortReason,
  type FromWorker,
  protocolVersion,
  type ToRole,
  type ToWorker,
  type WorkerOutcome,
  type WorkerSettings,
} from '../protocol/messages';
import { parseToWorker } from '../protocol/parse-message';
import { fits, weightOf, withOverrides } from '../protocol/task-types';
import { Attempt, now } from './attempt';
import { currentAttempt } from './handler-queue';
import { Intrinsics } from './intrinsics';
import type { OutputStream } from './output';
import { Questions } from './questions';
import { type HandlerRegistry, outcomeOf, outcomeOfRejection, resultRefused } from './run-task';
import { WorkerDatabase } from './worker-database';

/** How long tasks may follow each other before the worker reads its channel and reports them. */
const longestTurnMs = 5;
/** The shortest time between two measurements of the resident memory. */
const measureEveryMs = 50;
/** How long a handler may go on after a rejection of its own that nobody handled. */
const rejectionGraceMs = 1_000;

/**
 * The core of a worker: it takes the role's messages, runs tasks in the order of arrival, as many at once as their
 * types allow, and reports their outcomes.
 */
export class TaskRunner {
  private readonly outbox: Outbox<ToRole>;
  private readonly questions: Questions;
  private readonly intrinsics = new Intrinsics();
  private readonly running = new Map<number, Attempt>();
  private waiting: { attempt: number; task: Task; quick: boolean }[] = [];
  private load = 0;
  private turnSince = 0;
  private turnScheduled = false;
  private measuredAt = 0;
  private settings: WorkerSettings = { appName: '', resultLimit: 1_048_576, progressEveryMs: 250 };
  private database = new WorkerDatabase(undefined, '');

  constructor(
    private catalog: AnyCatalog,
    private readonly handlers: HandlerRegistry,
    write: (batch: FromWorker) => void,
  ) {
    const send = (messages: ToRole[]) => write({ messages, ...this.measure() });
    this.outbox = new Outbox(messages => sendEach(messages, send, (one, error) => this.unsendable(one, error)));
    this.questions = new Questions(question => this.sendNow(question));
  }

  /** The first message of a worker. */
  hello(): void {
    const handlers = Object.keys(this.handlers);
    this.sendNow({ kind: 'hello', protocol: protocolVersion, catalogHash: catalogHash(this.catalog), handlers });
  }

  receive(batch: unknown): void {
    this.turnSince = performance.now();
    for (const message of Array.isArray(batch) ? batch : [batch]) this.handle(message);
    this.startNext();
  }

  /** A rejection that nobody handled fails the task that it came from. */
  unhandledRejection(reason: unknown): void {
    const current = currentAttempt.getStore() as Attempt | undefined;
    const attempt = current ?? this.onlyAttempt();
    if (attempt && this.running.has(attempt.id)) this.failWith(attempt, reason);
    else console.error('A promise that no running task waits for was rejected:', textOf(reason));
  }

  /** A handler writes to an output of this process: the one in whose context that happens, or the only one there is. */
  hear(stream: OutputStream, text: string): void {
    const current = currentAttempt.getStore() as Attempt | undefined;
    (current ?? this.onlyAttempt())?.hear(stream, text);
  }

  /** Sends what is still to be sent, before the process ends. */
  flush(): void {
    this.outbox.flush();
  }

  /** Reports an uncaught exception, before it ends the process. */
  fatal(thrown: unknown): void {
    this.sendNow({ kind: 'fatal', error: plainError(thrown) });
  }

  /** A malformed message fails the one task that it is about, and no other one. */
  private handle(message: unknown): void {
    try {
      this.act(parseToWorker(message));
    } catch (thrown) {
      const { attempt } = (message ?? {}) as { attempt?: unknown };
      console.error(messageOf(thrown));
      if (typeof attempt === 'number')
        this.finished(attempt, { kind: 'failed', fatal: true, error: plainError(thrown) }, now());
    }
  }

  /**
   * The worker sends checked copies, so the channel should refuse none; if it does, the other tasks must not suffer.
   */
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
      case 'batch':
      case 'rate':
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
        this.abort(message.attempt, message.reason);
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

  private abort(id: number, reason: AbortReason): void {
    const waiting = this.waiting.find(candidate => candidate.attempt === id);
    if (waiting) {
      this.waiting = this.waiting.filter(candidate => candidate !== waiting);
      this.finished(id, { kind: 'aborted', reason }, now());
    } else this.running.get(id)?.abort(reason);
  }

  /** Starts the tasks that have room. Messages get their turn between tasks, however short these are. */
  private startNext(): void {
    while (this.waiting.length > 0) {
      const next = this.waiting[0]!;
      const weight = weightOf(this.catalog, next.task.taskType);
      if (!fits(this.load, weight)) break;
      if (performance.now() - this.turnSince > longestTurnMs) {
        this.startNextLater();
        break;
      }
      this.waiting.shift();
      this.begin(new Attempt(next.attempt, next.task, weight, this.deps()), next.quick);
    }
    // An idle worker reports at once; a busy one when its turn is over.
    if (this.running.size === 0) this.outbox.flush();
  }

  private startNextLater(): void {
    if (this.turnScheduled) return;
    this.turnScheduled = true;
    setImmediate(() => {
      this.turnScheduled = false;
      this.turnSince = performance.now();
      this.startNext();
    });
  }

  private begin(attempt: Attempt, quick: boolean): void {
    this.running.set(attempt.id, attempt);
    this.load += attempt.weight;
    this.outbox.push({ kind: 'started', attempt: attempt.id, at: attempt.startedAt });
    // Written before the handler can end this process: the role must know which task to blame. A write costs more than
    // a quick task, so quick tasks share one. If one of them kills this process all the same, the role sends it again
    // as a task that isn't quick.
    if (!quick) this.outbox.flush();
    currentAttempt.run(attempt, () => this.execute(attempt));
  }

  private async execute(attempt: Attempt): Promise<void> {
    const tools = {
      catalog: this.catalog,
      handlers: this.handlers,
      handlerName: this.settings.types?.[attempt.task.taskType]?.handler,
      resultLimit: this.settings.resultLimit,
      context: attempt.context,
      aborted: () => attempt.aborted(),
    };
    const outcome = await processing(attempt.task, () => outcomeOf(attempt, tools));
    if (this.running.has(attempt.id)) this.settle(attempt, outcome);
  }

  /** After a task has failed with a broken global, this worker takes no more: they would fail of it as well. */
  private settle(attempt: Attempt, outcome: WorkerOutcome): void {
    const replaced = outcome.kind === 'failed' ? this.intrinsics.findReplaced() : undefined;
    if (replaced) this.taint(`${attempt.task.taskType} failed, and a handler has replaced ${replaced}`);
    attempt.close();
    this.running.delete(attempt.id);
    this.load = this.running.size === 0 ? 0 : this.load - attempt.weight;
    this.finished(attempt.id, outcome, attempt.startedAt, attempt.output);
    this.startNext();
  }

  private taint(why: string): void {
    this.sendNow({ kind: 'tainted', why });
    this.giveBack();
  }

  private giveBack(): void {
    const attempts: number[] = [];
    for (const { attempt } of this.waiting) attempts.push(attempt);
    this.waiting = [];
    this.sendNow({ kind: 'givenBack', attempts });
  }

  private finished(attempt: number, outcome: WorkerOutcome, startedAt: number, output?: AttemptLog): void {
    const ended = { attempt, outcome, startedAt, finishedAt: now(), ...(output && { output }) };
    this.outbox.push({ kind: 'finished', ...ended });
  }

  private failWith(attempt: Attempt, reason: unknown): void {
    if (attempt.unhandledRejection) return;
    attempt.failWith(reason);
    setTimeout(() => {
      if (!this.running.has(attempt.id)) return;
      this.taint('a handler went on after a rejection that it did not handle');
      this.settle(attempt, outcomeOfRejection({ reason }));
    }, rejectionGraceMs).unref();
  }

  private onlyAttempt(): Attempt | undefined {
    return this.running.size === 1 ? this.running.values().next().value : undefined;
  }

  private deps() {
    const { settings, questions, database } = this;
    return { settings, questions, database, send: (message: ToRole) => this.sendNow(message) };
  }

  private sendNow(message: ToRole): void {
    this.outbox.push(message);
    this.outbox.flush();
  }

  private measure(): Pick<FromWorker, 'rss' | 'cpuMs'> {
    const at = performance.now();
    if (at - this.measuredAt < measureEveryMs) return {};
    this.measuredAt = at;
    const { user, system } = process.cpuUsage();
    return { rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000 };
  }
}
