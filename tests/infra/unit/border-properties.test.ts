import fc from 'fast-check';
import { PayloadError } from '../../../infra/catalog';
import { isNonce, isProof } from '../../../infra/link/proof';
import { InvalidTaskError } from '../../../infra/queue/model/errors';
import { newTask } from '../../../infra/queue/model/new-task';
import { Signer } from '../../../infra/queue/model/signature';
import { load, SettingsError } from '../../../infra/settings';
import { settingsTree } from '../../../infra/settings/schema';
import { ProtocolError, parseFromWorker, parseToWorker } from '../../../infra/workers/protocol/parse-message';
import { timetableOf } from '../../../packages/synced-cron/entry';
import { propertySize } from '../../support/property-size';
import { catalogForTests } from '../../support/test-catalog';

/** Anything at all, with odd objects and odd names. */
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '$set', 'a.b', 'then')),
});

/** The border takes what it is given or refuses it in its own words. */
function refusesInItsOwnWords(border: () => unknown, isItsOwn: (error: unknown) => boolean): void {
  try {
    border();
  } catch (error) {
    if (!isItsOwn(error)) throw error;
    expect((error as Error).message).not.toBe('');
  }
}

const someOf = <T>(names: readonly string[], value: fc.Arbitrary<T>) =>
  fc.dictionary(
    fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 4 }, { arbitrary: fc.string(), weight: 1 }),
    value,
  );

const check = <T>(values: fc.Arbitrary<T>, border: (value: T) => unknown, isItsOwn: (error: unknown) => boolean) =>
  fc.assert(
    fc.property(values, value => refusesInItsOwnWords(() => border(value), isItsOwn)),
    { numRuns: 100 * propertySize },
  );

test('what settings files can hold is loaded, or refused by a SettingsError', () => {
  const json = fc.jsonValue();
  const groups = Object.keys(settingsTree);
  const fields = Object.values(settingsTree).flatMap(node =>
    'fields' in node ? Object.keys(node.fields as object) : [],
  );
  const settings = someOf(groups, fc.oneof(json, someOf(['enabled', ...fields], json)));
  const isItsOwn = (error: unknown) => error instanceof SettingsError;
  check(fc.oneof(json, settings), raw => load(raw, { production: true }), isItsOwn);
});

test('addTask makes a task of what it is given, or refuses it by an InvalidTaskError or a PayloadError', () => {
  const options = [
    'priority',
    'front',
    '_id',
    'once',
    'dueDate',
    'deadline',
    'inMemory',
    'uniqueKey',
    'session',
    'data',
  ];
  const taskType = fc.oneof(fc.constantFrom(...Object.keys(catalogForTests)), anything);
  const given = fc.tuple(someOf(options, anything), taskType).map(([some, type]) => ({ ...some, taskType: type }));
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  const origin = { catalog: catalogForTests, sender, signer: new Signer(['key']), now: new Date(0) } as never;
  const isItsOwn = (error: unknown) => error instanceof InvalidTaskError || error instanceof PayloadError;
  check(given, task => newTask(task as never, origin), isItsOwn);
});

test('both ends of the channel to a worker take messages, or refuse them by a ProtocolError', () => {
  const kinds = [
    'begin',
    'run',
    'abort',
    'giveBack',
    'answer',
    'refusal',
    'hello',
    'started',
    'finished',
    'fatal',
    'constructor',
  ];
  const fields = [
    'attempt',
    'task',
    'reason',
    'ask',
    'error',
    'outcome',
    'startedAt',
    'finishedAt',
    'level',
    'message',
  ];
  const message = fc
    .tuple(someOf(fields, anything), fc.oneof(fc.constantFrom(...kinds), anything))
    .map(([some, kind]) => ({ ...some, kind }));
  const messages = fc.oneof(anything, fc.array(fc.oneof(message, anything)));
  const isItsOwn = (error: unknown) => error instanceof ProtocolError;
  check(messages, batch => parseToWorker(batch), isItsOwn);
  check(messages, batch => parseFromWorker({ messages: batch }), isItsOwn);
  check(anything, batch => parseFromWorker(batch), isItsOwn);
});

test('a proof and a nonce of the link are told from anything else', () => {
  fc.assert(
    fc.property(anything, value => {
      expect(isNonce(value)).toBe(typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
      expect(isProof(value, 'secret', 'web', 'nonce')).toBe(false);
    }),
  );
});

const cronSigns = [
  '*',
  '/',
  '-',
  ',',
  'L',
  'W',
  '#',
  '?',
  ' ',
  '0',
  '1',
  '5',
  '15',
  '31',
  '59',
  '60',
  'MON',
  'jan',
  '1e9',
];
const textSigns = [
  'every',
  'at',
  'on',
  'the',
  'of',
  '5',
  '0',
  '29th',
  'minutes',
  'hours',
  'day',
  'monday',
  'february',
  '10:15',
  'am',
  'last',
  'and',
  'except',
  'between',
];

/** A schedule says in an Error of its own, not by a fault of its code, what is wrong with it. */
const isComplaint = (error: unknown) =>
  error instanceof Error && /SyncedCron/.test(error.message) && (error.cause as Error | undefined)?.name === 'Error';

test('a cron expression has a timetable, or is refused in words', () => {
  const field = fc.array(fc.constantFrom(...cronSigns), { minLength: 1, maxLength: 5 }).map(signs => signs.join(''));
  const fields = fc.array(field, { minLength: 4, maxLength: 7 }).map(several => several.join(' '));
  const expression = fc.oneof(fields, fc.string(), anything);
  check(
    expression,
    one =>
      timetableOf(
        entry(parser => parser.cron(one as string)),
        true,
      ),
    isComplaint,
  );
});

test('a schedule text has a timetable, or is refused in words', () => {
  const words = fc.array(fc.constantFrom(...textSigns), { maxLength: 8 }).map(some => some.join(' '));
  check(
    fc.oneof(words, fc.string(), anything),
    one =>
      timetableOf(
        entry(parser => parser.text(one as string)),
        true,
      ),
    isComplaint,
  );
});

test('what a schedule function gives is a schedule, or is refused in words', () => {
  check(
    anything,
    made =>
      timetableOf(
        entry(() => made as never),
        true,
      ),
    isComplaint,
  );
});

function entry(schedule: Parameters<typeof timetableOf>[0]['schedule']): Parameters<typeof timetableOf>[0] {
  return { name: 'of a property', schedule, job: () => undefined };
}
