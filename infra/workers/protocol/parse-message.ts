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

const toWorker: Record<ToWorker['kind'], Fields> = {
  begin: { protocol: isCount, settings: isObject },
  run: { attempt: isCount, task: isTask, quick: value => typeof value === 'boolean' },
  abort: { attempt: isCount, reason: oneOf(reasons) },
  giveBack: {},
  answer: { ask: isCount, value: anything },
  refusal: { ask: isCount, error: isError },
};

const toRole: Record<ToRole['kind'], Fields> = {
  hello: { protocol: isCount, catalogHash: isText, handlers: Array.isArray },
  started: { attempt: isCount, at: isNumber },
  progress: { attempt: isCount, fraction: isNumber, note: isTextOrNone, at: isNumber },
  log: { attempt: isCount, level: oneOf(logLevels), message: isText },
  ask: { attempt: isCount, ask: isCount, status: isCount },
  add: { attempt: isCount, ask: isCount, tasks: Array.isArray },
  batch: { attempt: isCount, ask: isCount, call: oneOf(batchCalls), args: Array.isArray },
  finished: { attempt: isCount, outcome: isOutcome, startedAt: isNumber, finishedAt: isNumber },
  givenBack: { attempts: Array.isArray },
  tainted: { why: isText },
  fatal: { error: isError },
};

/**
 * One message that a worker was sent.
 *
 * @throws ProtocolError that names the message and the field.
 */
export function parseToWorker(message: unknown): ToWorker {
  check(message, toWorker);
  return message as ToWorker;
}

/**
 * What a role was sent by one of its workers. Each of its messages is to be parsed by itself: the others of the batch
 * belong to other tasks.
 *
 * @throws ProtocolError where it is no batch.
 */
export function parseBatch(batch: unknown): { messages: unknown[]; rss?: number } {
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
