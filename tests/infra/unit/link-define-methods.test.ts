import { defineMethods } from '../../../infra/link/define-methods';

// It is code of a role: here it runs in the test's own process, on the Node host's modules.
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });

const { Meteor } = require('../../../infra/node-host/modules/meteor');
const { check } = require('../../../infra/node-host/shared/check');
const { EJSON } = require('../../../infra/node-host/shared/ejson');

let count = 0;
/** What a client would be told: Meteor writes it in this way, and ends where that fails. */
async function answerOf(method: (...params: never[]) => unknown, ...params: unknown[]) {
  const name = `m${++count}`;
  defineMethods({ [name]: method });
  const answer = await Meteor.server.method_handlers[name].apply({}, params).then(
    (result: unknown) => ({ result }),
    ({ isClientSafe, error, reason, details, message, stack }: Record<string, unknown>) =>
      isClientSafe ? { error, reason, details } : { message, stack: typeof stack },
  );
  EJSON.stringify(answer);
  return answer;
}

const circle: Record<string, unknown> = {};
circle.self = circle;
const deep = () => {
  let value: unknown[] = [];
  for (let depth = 0; depth < 50_000; depth += 1) value = [value];
  return value;
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const fail = (thrown: unknown) => () => {
  throw thrown;
};

describe('a method', () => {
  test.each([[undefined], [null], [0], ['text'], [[1, { a: new Date(5) }]], [new Uint8Array([1])]])(
    'gives what can be sent: %j',
    async value => {
      expect(await answerOf(() => value)).toEqual({ result: value });
      expect(await answerOf(async () => value)).toEqual({ result: value });
    },
  );

  test.each([
    ['a circle', () => circle],
    ['what is nested too deeply', deep],
    ['a BigInt', () => ({ n: 1n })],
    ['a property that throws', () => Object.defineProperty({}, 'x', { enumerable: true, get: fail(new Error('no')) })],
    ['a proxy that is no more', () => ({ of: revoked() })],
    [
      'something whose toJSONValue throws',
      () => ({ typeName: () => 'x', toJSONValue: fail(new Error('no')), clone: () => circle }),
    ],
  ])('that gives %s fails with a reason, and ends nothing', async (_case, value) => {
    expect(await answerOf(async () => value())).toEqual({
      message: expect.stringContaining("the result can't be sent"),
      stack: 'string',
    });
  });

  test('that throws a Meteor.Error says it as it is', async () => {
    const error = new Meteor.Error('not-found', 'There is none.', { id: 1 });
    expect(await answerOf(fail(error))).toEqual({ error: 'not-found', reason: 'There is none.', details: { id: 1 } });
  });

  test('tells a caller whose argument has the wrong type, without a stack in the log', async () => {
    const answer = await answerOf((text: string) => check(text, String), 5);
    expect(answer).toEqual({ error: 400, reason: 'Match failed', details: expect.stringContaining('Expected string') });
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'text'],
    ['a symbol', Symbol('s')],
    ['a proxy that is no more', revoked()],
    ['an error whose stack throws', Object.defineProperty(new Error('x'), 'stack', { get: fail(new Error('no')) })],
    ['an error for clients that holds a circle', new Meteor.Error('x', 'y', circle)],
    ['an error for clients that holds a BigInt', Object.assign(new Error('x'), { isClientSafe: true, error: 1n })],
  ])('that throws %s ends nothing', async (_case, thrown) => {
    expect(await answerOf(fail(thrown))).toEqual({ message: expect.any(String), stack: 'string' });
  });
});
