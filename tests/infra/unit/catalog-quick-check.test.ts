import SimpleSchema from 'simpl-schema';
import { defineTasks } from '../../../infra/catalog';

const { task } = defineTasks({
  task: {
    payload: {
      n: { type: Number, min: 0, max: 3, optional: true },
      i: { type: SimpleSchema.Integer, exclusiveMin: true, min: 0, optional: true },
      s: { type: String, min: 1, max: 3, regEx: /^a/, optional: true },
      v: { type: String, allowedValues: ['x', 'y'], optional: true },
      b: { type: Boolean, optional: true },
      d: { type: Date, min: new Date(0), optional: true },
      l: { type: [{ type: Number, min: 1 }], minCount: 1, maxCount: 2, optional: true },
      o: { type: { p: String, q: { type: Number, optional: true } }, optional: true },
      deep: { type: [{ type: { k: Boolean } }], optional: true },
      free: { type: Object, blackbox: true, optional: true },
    },
  },
});

const values = [
  undefined,
  null,
  0,
  1,
  -1,
  3,
  3.5,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  'a',
  'abcd',
  'x',
  'b',
  true,
  false,
  new Date(),
  new Date(-5),
  new Date(Number.NaN),
  [],
  [1],
  [0],
  [1, 2],
  [1, 2, 3],
  ['a'],
  {},
  { p: 'a' },
  { p: 1 },
  { p: 'a', q: 1 },
  { p: 'a', z: 1 },
  [{ k: true }],
  [{ k: 1 }],
  [{}],
  [null],
  new Map(),
  () => 1,
  { k: undefined },
]; // prettier-ignore

test('what the quick check lets pass, simpl-schema lets pass too', () => {
  let passed = 0;
  for (const name of [...task.fields.keys(), 'unknown'])
    for (const value of values) {
      if (!task.fits({ [name]: value })) continue;
      passed++;
      expect([name, value, task.schema.newContext().validate({ [name]: value } as never)]).toEqual([name, value, true]);
    }
  expect(passed).toBeGreaterThan(20);
});

test('what fits is mostly known to at once', () => {
  for (const data of [
    {},
    { n: 1, s: 'ab', v: 'x', b: true },
    { l: [1, 2] },
    { o: { p: 'a' } },
    { deep: [{ k: true }] },
  ])
    expect(task.fits(data)).toBe(true);
});
