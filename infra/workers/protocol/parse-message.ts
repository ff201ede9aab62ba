import { timeOf } from '../../catalog';
import { show } from '../../errors/plain-error';
import { batchCalls, type FromWorker, logLevels, type ToRole, type ToWorker } from './messages';

/** A message that the other side of the channel should not have sent: an old worker file, or a handler that used process.send. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

type Check = (value: unknown) => boolean;
type Fields = Record<string, Check>;

const anything: Check = () => true;
const isObject: Check = value => typeof value === 'object' && value !== null;
const isText: Check = value => typeof value === 'string';
const isTextOrNone: Check = value => value === undefined || typeof value === 'string';
const isNumber: Check = value => typeof value === 'number' && Number.isFinite(value);
const isCount: Check = value => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = value => typeof value === 'boolean';
const isError: Check = value => {
  const { name, message, stack } = (value ?? {}) as { name?: unknown; message?: unknown; stack?: unknown };
  return isText(name) && isText(message) && isTextOrNone(stack);
};
const oneOf =
  (allowed: readonly string[]): Check =>
  value =>
    allowed.includes(value as string);

const reasons = ['cancelled', 'timedOut', 'stopping'];

const isTask: Check = value => isObject(value) && isText((value as { _id?: unknown })._id);

const isOutcome: Check = value => {
  const { kind, error, reason, retryMs, until, why } = (value ?? {}) as Record<string, unknown>;
  if (kind === 'done') return true;
  if (kind === 'failed') return isError(error) && (retryMs === undefined || isNumber(retryMs));
  if (kind === 'snoozed') return isText(why) && (isNumber(until) || !Number.isNaN(timeOf(until)));
  return kind === 'aborted' && reasons.includes(reason as string);
};

const isLine: Check = value => {
  const { at, text } = (value ?? {}) as Record<string, unknown>;
  return isNumber(at) && isText(text);
};

const isOutput: Check = value => {
  if (value === undefined) return true;
  const { lines, dropped } = (value ?? {}) as { lines?: unknown; dropped?: unknown };
  return Array.isArray(lines) && lines.every(isLine) && isCount(dropped);
};

const toWorker: Record<ToWorker['kind'], Fields> = {
  begin: { protocol: isCount, settings: isObject },
  run: { attempt: isCount, task: isTask, quick: isFlag },
  abort: { attempt: isCount, reason: oneOf(reasons) },
  giveBack: {},
  answer: { ask: isCount, value: anything },
  refusal: { ask: isCount, error: isError },
};

const toRole: Record<ToRole['kind'], Fields> = {
  hello: { protocol: isCount, catalogHash: isText, handlers: Array.isArray },
  started: { attempt: isCount, at: isNumber },
  progress: { attempt: isCount, fraction: isNumber, note: isTextOrNone, at: isNumber },
  log: { attempt: isCount, level: oneOf(logLevels), message: isText, at: isNumber },
  ask: { attempt: isCount, ask: isCount, status: isCount },
  add: { attempt: isCount, ask: isCount, tasks: Array.isArray, traceparent: isTextOrNone },
  batch: { attempt: isCount, ask: isCount, call: oneOf(batchCalls), args: Array.isArray, traceparent: isTextOrNone },
  rate: { attempt: isCount, ask: isCount, name: isText, cost: isNumber },
  rateEnd: { attempt: isCount, ask: isCount, begun: isFlag },
  finished: { attempt: isCount, outcome: isOutcome, startedAt: isNumber, finishedAt: isNumber, output: isOutput },
  givenBack: { attempts: Array.isArray },
  tainted: { why: isText },
  fatal: { error: isError },
};

/**
 * Parses one message from the role to a worker.
 *
 * @throws ProtocolError that names the message and the field.
 */
export function parseToWorker(message: unknown): ToWorker {
  check(message, toWorker);
  return message as ToWorker;
}

/**
 * Parses a batch from a worker to its role. The caller parses each of its messages alone: the others belong to other
 * tasks.
 *
 * @throws ProtocolError where it is no batch.
 */
export function parseBatch(batch: unknown): Omit<FromWorker, 'messages'> & { messages: unknown[] } {
  const { messages } = (batch ?? {}) as Partial<FromWorker>;
  if (!Array.isArray(messages)) throw new ProtocolError('a worker sent something that is no array of messages');
  return batch as FromWorker;
}

/** @throws ProtocolError that names the message and the field. */
export function parseFromWorker(message: unknown): ToRole {
  check(message, toRole);
  return message as ToRole;
}

function check(message: unknown, kinds: Record<string, Fields>): void {
  const kind = isObject(message) ? (message as { kind: string }).kind : '';
  const fields = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!fields) throw new ProtocolError(`unknown message ${show((message as { kind?: unknown })?.kind)}`);
  for (const name in fields) {
    const value = (message as Record<string, unknown>)[name];
    if (!fields[name]?.(value)) throw new ProtocolError(`${kind}.${name}: ${show(value)} is not valid`);
  }
}
