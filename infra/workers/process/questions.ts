import { show } from '../../errors/plain-error';
import type { TaskError } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import { currentTraceparent } from '../../tracing/tracing';
import { sendable } from '../protocol/channel';
import type { BatchCall, ToRole } from '../protocol/messages';

/** What a handler sends to the role: meteor-cluster's message. The statuses 0 (idle) and 1 (idle after an error) are taken. */
export interface MessageToMaster {
  status: number;
  data?: unknown;
}

export interface AskOptions {
  /** Above 1. Default 2. */
  status?: number;
  /** How long to wait for the answer. Default 30 s. */
  timeoutMs?: number;
}

/**
 * meteor-cluster's way to talk to the role from a handler; the task must return (or await) the promise.
 *
 * @param messageBroker gets the role's answer; its value is what the promise resolves with, and it may be a promise,
 *   such as that of a nested toggleIPC.
 * @param initialize gets the function that sends a message to the role.
 */
export type ToggleIPC = <Value>(
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the role's messageBroker responds with
  messageBroker: (msg: any) => Value | Promise<Value>,
  initialize: (sendMessageToMaster: (message: MessageToMaster) => void) => unknown,
) => Promise<Value>;

const defaultTimeoutMs = 30_000;
const largestMessage = 16 * 1024 * 1024;

type Question = Extract<ToRole, { kind: 'ask' | 'add' | 'batch' | 'rate' }>;

interface Pending {
  attempt: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** The questions of a worker's tasks that wait for the role's answer. */
export class Questions {
  private readonly pending = new Map<number, Pending>();
  private last = 0;

  constructor(private readonly send: (message: Question | Extract<ToRole, { kind: 'rateEnd' }>) => void) {}

  /** @throws where the message is not valid, the role refuses, or no answer comes in time. */
  ask(attempt: number, data: unknown, { status = 2, timeoutMs = defaultTimeoutMs }: AskOptions = {}): Promise<unknown> {
    return this.question(attempt, timeoutMs, `a message of status ${status}`, ask => {
      checkStatus(status);
      return { kind: 'ask', attempt, ask, status, data: parseData(data, 'data') };
    });
  }

  /** Asks the role to add tasks to the queue. @throws the error of the role's addTasks. */
  add(attempt: number, tasks: readonly unknown[]): Promise<unknown> {
    return this.question(attempt, defaultTimeoutMs, 'addTask', ask => {
      return { kind: 'add', attempt, ask, tasks: parseData(tasks, 'addTask') as unknown[], ...inSpan() };
    });
  }

  /** Asks the role for an action on a batch. @throws the error of that action. */
  batch(attempt: number, call: BatchCall, ...args: unknown[]): Promise<unknown> {
    return this.question(attempt, defaultTimeoutMs, `batch: ${call}`, ask => {
      return { kind: 'batch', attempt, ask, call, args: parseData(args, call) as unknown[], ...inSpan() };
    });
  }

  /**
   * Waits until the role has so much of a named rate granted.
   *
   * @throws what the role throws; the reason of the signal, when that aborts.
   */
  async rate(attempt: number, name: string, cost: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let asked = 0;
    const answer = this.question(attempt, Number.POSITIVE_INFINITY, `rate ${name}`, ask => {
      if (typeof name !== 'string') throw new TypeError(`rate: ${show(name)} is not the name of a rate`);
      if (!Number.isFinite(cost)) throw new TypeError(`rate: cost: ${show(cost)} is not a number`);
      asked = ask;
      return { kind: 'rate', attempt, ask, name, cost };
    });
    const end = (begun: boolean) => this.send({ kind: 'rateEnd', attempt, ask: asked, begun });
    const onAbort = () => {
      const pending = this.take(asked);
      if (!pending) return;
      pending.reject(signal.reason);
      end(false);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    await answer.finally(() => signal.removeEventListener('abort', onAbort));
    // From now on it counts for a whole span: the handler goes on right after this.
    end(true);
  }

  private question(
    attempt: number,
    timeoutMs: number,
    what: string,
    create: (ask: number) => Question,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ask = ++this.last;
      const message = create(ask);
      const expire = () => this.refuse(ask, new Error(`no answer to ${what} in ${timeoutMs} ms`));
      this.pending.set(ask, { attempt, resolve, reject, timer: setTimeout(expire, timerMs(timeoutMs)) });
      this.send(message);
    });
  }

  answer(ask: number, value: unknown): void {
    this.take(ask)?.resolve(value);
  }

  refuse(ask: number, { name, message }: TaskError | Error): void {
    this.take(ask)?.reject(Object.assign(new Error(message), { name }));
  }

  /** Drops the open questions of a finished attempt. */
  dropAttempt(attempt: number): void {
    if (this.pending.size === 0) return;
    for (const [ask, pending] of this.pending) if (pending.attempt === attempt) this.take(ask);
  }

  private take(ask: number): Pending | undefined {
    const pending = this.pending.get(ask);
    this.pending.delete(ask);
    clearTimeout(pending?.timer);
    return pending;
  }
}

/** The handler's span, where somebody traces: what it adds belongs to that. */
function inSpan(): { traceparent?: string } {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { traceparent };
}

/** toggleIPC for one attempt: a message out, its answer to the broker, the broker's value back to the handler. */
export function createToggleIPC(questions: Questions, attempt: number): ToggleIPC {
  return (messageBroker, initialize) =>
    new Promise((resolve, reject) => {
      if (typeof messageBroker !== 'function') throw new TypeError('toggleIPC: messageBroker is not a function');
      if (typeof initialize !== 'function') throw new TypeError('toggleIPC: initialize is not a function');
      const send = ({ status, data }: MessageToMaster): void => {
        questions.ask(attempt, data, { status }).then(messageBroker).then(resolve, reject);
      };
      Promise.resolve(initialize(message => send(parseMessage(message)))).catch(reject);
    });
}

function parseMessage(message: unknown): MessageToMaster {
  if (typeof message !== 'object' || message === null)
    throw new TypeError(`sendMessageToMaster: ${show(message)} is not { status, data }`);
  return message as MessageToMaster;
}

function checkStatus(status: unknown): void {
  if (Number.isSafeInteger(status) && (status as number) > 1) return;
  const taken = '(0 is idle, 1 idle after an error)';
  throw new TypeError(`status: ${show(status)} is not a whole number above 1 ${taken}`);
}

function parseData(data: unknown, name: string): unknown {
  const { value, problems } = sendable(data, name, largestMessage);
  if (problems.length > 0) throw new TypeError(problems.join('; '));
  return value;
}
