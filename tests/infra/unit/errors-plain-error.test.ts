import { runInNewContext } from 'node:vm';
import { BSON } from 'mongodb';
import { isError, messageOf, plainError } from '../../../infra/errors/plain-error';

/** Errors of Node's own realm: Jest gives its tests another one. */
const inAnotherRealm = (code: string) => runInNewContext(code);

const withGetter = (name: string, get: () => unknown) => Object.defineProperty(new Error('disk full'), name, { get });
const throws = () => {
  throw new TypeError('this getter throws');
};
const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const hostileProxy = (target: object) =>
  new Proxy(target, new Proxy({}, { get: () => throws }) as ProxyHandler<object>);
const allWaysToText = { toString: throws, toJSON: throws, [Symbol.toPrimitive]: throws };
const circular = Object.assign(new Error('outer'), { cause: undefined as unknown });
circular.cause = Object.assign(new Error('inner'), { cause: circular });
const endless = (): Error => Object.defineProperty(new Error('again'), 'cause', { get: endless });
const endlessReasons = (): Error =>
  Object.defineProperty(new AggregateError([], 'tree'), 'errors', { get: () => [1, 2, 3, 4, 5].map(endlessReasons) });
const withPrepareStackTrace = (prepare: () => unknown) => {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = prepare;
  try {
    const error = new Error('disk full');
    return { error, plain: plainError(error) };
  } finally {
    Error.prepareStackTrace = before;
  }
};
const long = 'y'.repeat(17_000_000);

const awkward: Record<string, unknown> = {
  'a stack that throws': withGetter('stack', throws),
  'a stack that is an object': withGetter('stack', () => ({ frames: [] })),
  'a message that throws': withGetter('message', throws),
  'a message that is a symbol': withGetter('message', () => Symbol('m')),
  'a message without a prototype': withGetter('message', () => Object.create(null)),
  'a name that throws': withGetter('name', throws),
  'a name that is a symbol': withGetter('name', () => Symbol('n')),
  'a name of several lines': withGetter('name', () => 'a\nb\u0000c'),
  'a cause that throws': withGetter('cause', throws),
  'a chain of causes without an end': endless(),
  'causes in a circle': circular,
  'an error that is its own cause': Object.defineProperty(new Error('self'), 'cause', {
    get(this: Error) {
      return this;
    },
  }),
  'reasons that throw': withGetter('errors', throws),
  'reasons that are no array': withGetter('errors', () => 'many'),
  'a tree of reasons without an end': endlessReasons(),
  'thousands of reasons': new AggregateError(
    Array.from({ length: 10_000 }, () => new Error('one')),
    'all',
  ),
  'reasons in an array that throws': new AggregateError([], 'x', { cause: revoked([]) }),
  'a revoked Proxy of an object': revoked({}),
  'a revoked Proxy of a function': revoked(() => {}),
  'a revoked Proxy of an error': revoked(new Error('x')),
  'a Proxy whose traps throw': hostileProxy({}),
  'a Proxy of an error whose traps throw': hostileProxy(new Error('x')),
  'an object without a prototype': Object.create(null),
  'an object that refuses to become text': allWaysToText,
  'an error that refuses to become text': Object.assign(new Error('disk full'), allWaysToText),
  'an object whose toJSON grows without an end': {
    toJSON: () => long,
    [Symbol.for('nodejs.util.inspect.custom')]: throws,
  },
  'an object in a circle': circularObject(),
  'a deep object': deepObject(100_000),
  'an array with holes': Object.assign([], { length: 4_294_967_295 }),
  'an instance whose class cannot be named': Object.create({
    constructor: Object.defineProperty(() => {}, 'name', { get: throws }),
  }),
  'an invalid date': new Date(Number.NaN),
  'a text of 17 MB': long,
  'a message of 17 MB': new Error(long),
  'a name of 17 MB': Object.assign(new Error('x'), { name: long }),
  'a stack of 17 MB': Object.assign(new Error('x'), { stack: long }),
  'a property of 17 MB': { [long]: long },
  'half an emoji': new Error('half \uD83D'),
  'an emoji at the cut': new Error(`${'x'.repeat(9_998)}😀😀`),
  'a NUL': Object.assign(new Error('a\0b'), { name: 'x\0y', stack: 'a\0b' }),
  'a symbol': Symbol('s'),
  'a symbol without a name': Symbol(),
  undefined: undefined,
  null: null,
  'a function': function handler() {},
  'a bigint': 12n,
  'a bigint of a million digits': 10n ** 1_000_000n,
  'a text': 'a text',
  'a boolean': false,
  'an error of another realm': inAnotherRealm('new TypeError("elsewhere")'),
  'a request-like object': {
    status: 500,
    get body() {
      throw new Error('consumed');
    },
  },
};

function circularObject(): object {
  const object: Record<string, unknown> = { status: 500 };
  object.self = object;
  return object;
}

function deepObject(depth: number): object {
  let object = {};
  for (let level = 0; level < depth; level += 1) object = { object };
  return object;
}

describe('whatever is thrown becomes plain text', () => {
  test.each(Object.entries(awkward))('%s', (_, thrown) => {
    const plain = plainError(thrown);
    const message = messageOf(thrown);
    expect(Object.keys(plain).filter(key => !['name', 'message', 'stack'].includes(key))).toEqual([]);
    for (const text of [plain.name, plain.message, plain.stack ?? '', message]) {
      expect(typeof text).toBe('string');
      expect(text.length).toBeLessThanOrEqual(20_000);
      expect(text).toBe(Buffer.from(text).toString());
      expect(text).not.toContain('\0');
    }
    expect(plain.name).toMatch(/^[^\n]{1,200}$/);
    expect(message).not.toBe('');
    expect(BSON.deserialize(BSON.serialize({ plain }))).toEqual({ plain });
  });
});

describe('what there is to know of an error is kept', () => {
  test('where its stack, its name or its message cannot be read, the rest is', () => {
    expect(plainError(awkward['a stack that throws'])).toEqual({
      name: 'Error',
      message: 'disk full',
      stack: 'Error: disk full',
    });
    expect(plainError(awkward['a name that is a symbol'])).toMatchObject({ name: 'Error', message: 'disk full' });
    expect(plainError(awkward['a message that throws']).message).toBe('its message cannot be read');
    expect(plainError(awkward['a message that is a symbol']).message).toBe('Symbol(m)');
  });

  test('where Error.prepareStackTrace throws, or gives an object', () => {
    expect(withPrepareStackTrace(throws).plain).toMatchObject({ name: 'Error', message: 'disk full' });
    expect(withPrepareStackTrace(() => ({})).plain).toMatchObject({ message: 'disk full', stack: 'Error: disk full' });
  });

  test('of another realm too', () => {
    expect(isError(awkward['an error of another realm'])).toBe(true);
    expect(plainError(awkward['an error of another realm'])).toMatchObject({ name: 'TypeError', message: 'elsewhere' });
  });

  test('its causes are at the end of its stack', () => {
    const cause = new RangeError('port taken', { cause: 'a text' });
    const { message, stack } = plainError(new Error('no server', { cause }));
    expect(message).toBe('no server');
    expect(stack).toMatch(
      /^Error: no server\n {4}at .*\nCaused by: RangeError: port taken\n {4}at .*\nCaused by: "a text"$/s,
    );
    expect(plainError(circular).stack).toMatch(/Caused by: Error: inner.*\nCaused by: an error that is told above$/s);
  });

  test('the reasons of an AggregateError are in its message and its stack', () => {
    const reasons = ['first', 'second'].map(text => new TypeError(text));
    const { name, message, stack } = plainError(new AggregateError([...reasons, 3], 'all were rejected'));
    expect([name, message]).toEqual(['AggregateError', 'all were rejected: (1) first; (2) second; (3) 3']);
    expect(stack).toMatch(
      /\nReason 1 of 3: TypeError: first\n {4}at .*\nReason 2 of 3: TypeError: second\n.*\nReason 3 of 3: 3$/s,
    );
    expect(messageOf(new AggregateError(reasons))).toBe('(1) first; (2) second');
    expect(plainError(awkward['thousands of reasons']).message).toMatch(/\(5\) one; and 9995 more$/);
  });

  test('a long message leaves room for the frames', () => {
    const { message, stack } = plainError(new Error(long));
    expect(message).toMatch(/^y{9999}…$/);
    expect(stack).toMatch(/^Error: y+…\n.*errors-plain-error\.test\.ts/s);
  });

  test('a sign is never cut in half', () => {
    expect(plainError(awkward['an emoji at the cut']).message).toBe(`${'x'.repeat(9_998)}…`);
    expect(plainError(awkward['half an emoji']).message).toBe('half \uFFFD');
  });
});

test('what is not an Error is shown by its contents', () => {
  const message = (thrown: unknown) => plainError(thrown).message;
  expect(message('a text')).toBe('threw "a text", which is not an Error');
  expect(message({ status: 500, rows: [1, 'x', null] })).toBe(
    'threw {"status":500,"rows":[1,"x",null]}, which is not an Error',
  );
  expect(message(awkward['a request-like object'])).toBe(
    'threw {"status":500,"body":what cannot be read}, which is not an Error',
  );
  expect(message(new Map([[1, 2]]))).toBe('threw an object of Map, which is not an Error');
  expect(message(12n)).toBe('threw 12n, which is not an Error');
  expect(message(awkward['a bigint of a million digits'])).toMatch(/more than 64 bits/);
  expect(message(awkward['a function'])).toBe('threw function handler, which is not an Error');
  expect(messageOf('a text')).toBe('a text');
});

test('a message of 17 MB is not copied again and again', () => {
  const error = new Error(long);
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 20 }, () => plainError(error));
  global.gc?.();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  expect(kept).toHaveLength(20);
});
