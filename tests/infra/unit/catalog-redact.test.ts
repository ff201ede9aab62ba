import {
  type AnyCatalog,
  defineTasks,
  failedTask,
  findPayloadProblems,
  hiddenFields,
  redacted,
  unredacted,
} from '../../../infra/catalog';

const catalog: AnyCatalog = defineTasks({
  charge: {
    payload: {
      customer: String,
      card: { number: { type: String, min: 8 }, holder: { type: String, optional: true } },
      codes: { type: [String], optional: true },
    },
    redact: ['card.number', 'codes'],
    concurrency: { max: 1, key: 'customer' },
  },
  tell: { payload: failedTask },
  tellToo: { payload: failedTask },
});

const data = { customer: 'ada', card: { number: '4111-1111', holder: 'Ada' }, codes: ['a', 'b'] };
const shown = { customer: 'ada', card: { number: '••••', holder: 'Ada' }, codes: '••••' };
const failure = { taskId: '1', taskType: 'charge', data, error: { name: 'Error', message: 'no' } };

test('people see a sign in the place of what is hidden, and nothing where there is nothing', () => {
  expect(redacted(catalog, 'charge', data)).toEqual(shown);
  expect(redacted(catalog, 'charge', { customer: 'ada', card: { holder: 'Ada' } })).toEqual({
    customer: 'ada',
    card: { holder: 'Ada' },
  });
  for (const odd of [undefined, null, 7, 'text', [], { card: 'x' }, { card: null }])
    expect(redacted(catalog, 'charge', odd)).toEqual(odd);
});

test('all of a payload is hidden whose type has left the catalog, and so it is where a follower has it', () => {
  expect(redacted(catalog, 'unknown', data)).toBe('••••');
  expect(redacted(catalog, 'toString', data)).toBe('••••');
  const ofUnknown = { ...failure, taskType: 'unknown' };
  expect(redacted(catalog, 'tell', ofUnknown)).toEqual({ ...ofUnknown, data: '••••' });
  const ofFollower = { ...failure, taskType: 'tellToo', data: ofUnknown };
  expect(redacted(catalog, 'tell', ofFollower)).toEqual({ ...ofFollower, data: { ...ofUnknown, data: '••••' } });
  expect(unredacted(catalog, 'unknown', '••••', data)).toBe(data);
  expect(unredacted(catalog, 'tell', { ...ofUnknown, data: '••••' }, ofUnknown)).toEqual(ofUnknown);
  expect(() => unredacted(catalog, 'unknown', '••••', undefined)).toThrow('the payload: "••••" stands for');
});

test('what follows a failure hides what the failed task hides, whoever says of itself that it follows itself', () => {
  expect(redacted(catalog, 'tell', failure)).toEqual({ ...failure, data: shown });
  expect(hiddenFields(catalog, 'tell', failure)).toEqual(['data.card.number', 'data.codes']);
  expect(hiddenFields(catalog, 'tell', { ...failure, taskType: 'tell' })).toEqual([]);
});

test('a changed payload keeps what is still hidden, and has what somebody has written in its place', () => {
  expect(unredacted(catalog, 'charge', shown, data)).toEqual(data);
  const changed = { ...shown, customer: 'nero', card: { number: '4222-2222' } };
  expect(unredacted(catalog, 'charge', changed, data)).toEqual({
    ...data,
    customer: 'nero',
    card: { number: '4222-2222' },
  });
  expect(unredacted(catalog, 'tell', { ...failure, data: shown }, failure)).toEqual(failure);
  expect(() => unredacted(catalog, 'charge', shown, { customer: 'ada', card: {} })).toThrow(
    'card.number: "••••" stands for',
  );
});

test('a message about a payload that does not fit is without it', () => {
  const problems = (wrong: object) => findPayloadProblems(catalog.charge!, { ...data, ...wrong }).join('; ');
  expect(problems({ card: { number: '4111' } })).toBe('charge.data.card.number: "••••" is shorter than 8 characters');
  expect(problems({ card: '4111-1111' })).not.toContain('4111');
  expect(problems({ codes: [4111] })).toMatch(/^charge\.data\.codes\.0: "••••"/);
  expect(problems({ customer: 4111 })).toContain('4111');
});

test.each<[object, string]>([
  [{ redact: 'card' }, 'charge.redact: "card" is not a list of fields'],
  [{ redact: [] }, 'charge.redact: [] is not a list of fields'],
  [{ redact: ['card.numbr'] }, 'charge.redact: "card.numbr" is no field of the payload, did you mean card.number?'],
  [{ redact: ['cards.$.number'] }, 'charge.redact: "cards.$.number" is no field of the payload'],
  [{ redact: ['card'], unique: { key: 'card' } }, 'charge.redact: "card" is part of the key of unique'],
  [{ redact: ['card.number'], unique: {} }, 'charge.redact: "card" is part of the key of unique'],
  [
    { redact: ['card'], concurrency: { max: 1, key: 'card' } },
    'charge.redact: "card" is part of the key of concurrency',
  ],
  [
    { redact: ['card'], rateLimit: { max: 1, per: 9, key: 'card' } },
    'charge.redact: "card" is part of the key of rateLimit',
  ],
])('%j is refused', (options, why) => {
  const payload = { card: { number: String }, cards: [{ type: { number: String } }] } as const;
  expect(() => defineTasks({ charge: { payload, ...options } })).toThrow(why);
});
