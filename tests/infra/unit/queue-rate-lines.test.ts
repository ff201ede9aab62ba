import { defineRates, namedRateOf, windowOf } from '../../../infra/catalog';
import { rateKeyOf } from '../../../infra/queue/model/waiting';
import { decideLine } from '../../../infra/queue/waiting/rate-lines';

const now = 1_000_000;
const at = (ms: number) => new Date(now + ms);

test.each([
  ['nothing counts: as many as the rate has', undefined, 0, { letIn: 10, lookAt: now + 500 }],
  ['what is on its way takes its part', undefined, 7, { letIn: 3, lookAt: now + 500 }],
  ['what counts takes its part', { used: 4, until: at(80) }, 3, { letIn: 3, lookAt: now + 500 }],
  ['all is on its way: look again', { used: 4, until: at(80) }, 9, { letIn: 0, lookAt: now + 500 }],
  ['used up: when the first counts no longer', { used: 10, until: at(80) }, 0, { letIn: 0, lookAt: now + 80 }],
  ['used up, and over by now: at once', { used: 11, until: at(-5) }, 0, { letIn: 0, lookAt: now + 1 }],
])('what a look at a line comes to: %s', (_, use, onTheirWay, decision) => {
  expect(decideLine({ max: 10, per: 500 }, use, onTheirWay, now)).toEqual(decision);
});

test('a line is looked at neither all the time nor hardly ever', () => {
  expect(decideLine({ max: 1, per: 1 }, undefined, 0, now).lookAt).toBe(now + 50);
  expect(decideLine({ max: 1, per: 86_400_000 }, undefined, 0, now).lookAt).toBe(now + 1_000);
});

test('evenly spaced means one in a part of the span', () => {
  expect(windowOf({ max: 10, per: 1_000 })).toEqual({ max: 10, per: 1_000 });
  expect(windowOf({ max: 10, per: 1_000, spread: true })).toEqual({ max: 1, per: 100 });
  expect(windowOf({ max: 3, per: 1_000, spread: true })).toEqual({ max: 1, per: 334 });
});

test('what the starts of a task are counted under', () => {
  const by = (key: string[]) => ({ taskType: 'a', rateLimit: { max: 1, per: 1, key } }) as never;
  expect(rateKeyOf(by(['x']), { x: 'ada' })).toBe('a/ada');
  expect(rateKeyOf(by(['x', 'y']), { x: 'ada' })).not.toBe(rateKeyOf(by(['x', 'y']), { y: 'ada' }));
  expect(rateKeyOf({ taskType: 'a', rateLimit: { max: 1, per: 1 } }, { x: 1 })).toBeUndefined();
  expect(rateKeyOf({ taskType: 'a' }, { x: 1 })).toBeUndefined();
});

test('the rates of an app are checked, each problem with its field and value', () => {
  expect(defineRates({ stripe: { max: 10, per: 1_000 } })).toEqual({ stripe: { max: 10, per: 1_000 } });
  const wrong = { 'a b': { max: 0, per: 1 }, mails: { max: 1, pre: 1 }, maps: 5 };
  expect(() => defineRates(wrong as never)).toThrow(
    [
      'The rates are not valid:',
      "  a b: a rate's name is made of letters, digits, _ and -, and begins with a letter",
      '  rates.a b.max: 0 is below 1',
      '  rates.mails.pre: unknown option, did you mean per?',
      '  rates.mails.per: is missing',
      '  rates.maps: 5 is not an object',
    ].join('\n'),
  );
});

test('what a handler asks of a rate is checked', () => {
  const rates = defineRates({ stripe: { max: 10, per: 1_000 } });
  const ask = (name: unknown, cost: unknown) => () => namedRateOf(rates, name, cost);
  expect(ask('stripe', 10)()).toEqual({ name: 'stripe', window: rates.stripe });
  expect(ask('strpe', 1)).toThrow('rate: "strpe": the app has no such rate, did you mean stripe?');
  expect(ask('constructor', 1)).toThrow('imports/app.ts gives them to defineApp as rates');
  expect(ask('stripe', 0)).toThrow('rate: cost: 0 is not a whole number from 1 on');
  expect(ask('stripe', 11)).toThrow('rate: cost: 11 is more than stripe ever grants in one span (max: 10)');
});
