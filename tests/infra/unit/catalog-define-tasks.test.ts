import SimpleSchema from 'simpl-schema';
import {
  catalogHash,
  type DataIn,
  defineTasks,
  definitionOf,
  Priority,
  parsePayload,
  priorityClassOf,
} from '../../../infra/catalog';

const catalog = defineTasks({
  buildReport: {
    payload: {
      rows: { type: SimpleSchema.Integer, min: 1, max: 200_000 },
      owner: String,
      size: { type: String, allowedValues: ['small', 'large'], optional: true },
      range: { from: Date, to: { type: Date, optional: true } },
      tags: { type: [String], maxCount: 3 },
      boxes: [{ type: { width: Number, label: { type: String, regEx: /^[a-z]+$/ } } }],
      free: { type: Object, blackbox: true, optional: true },
    },
    priority: Priority.high,
    timeout: 600_000,
  },
  ping: { payload: {} },
});

const data: DataIn<typeof catalog, 'buildReport'> = {
  rows: 5,
  owner: 'me',
  size: 'small',
  range: { from: new Date(0) },
  tags: ['a'],
  boxes: [{ width: 1, label: 'x' }],
  free: { any: [1, { thing: null }] },
};

function problemsOf(payload: unknown): string {
  try {
    parsePayload(catalog, 'buildReport', payload);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

test('a payload that fits comes back as it is', () => {
  expect(parsePayload(catalog, 'buildReport', data)).toBe(data);
  expect(parsePayload(catalog, 'ping', {})).toEqual({});
});

test('the compiler knows the payload of each type', () => {
  // @ts-expect-error rows is a number
  const wrongType: DataIn<typeof catalog, 'buildReport'> = { ...data, rows: 'many' };
  // @ts-expect-error allowedValues is a union
  const wrongValue: DataIn<typeof catalog, 'buildReport'> = { ...data, size: 'huge' };
  // @ts-expect-error owner is missing
  const missing: DataIn<typeof catalog, 'buildReport'> = { rows: 1, range: data.range, tags: [], boxes: [] };
  const boxes: { width: number; label: string }[] = data.boxes;
  expect([wrongType, wrongValue, missing, boxes]).toHaveLength(4);
});

test('all problems of a payload are said at once, each with field and value', () => {
  const message = problemsOf({ ...data, rows: -1, onwer: 'me', tags: ['a', 2, 'c', 'd'], range: { from: 'now' } });
  expect(message).toContain('buildReport.data.rows: -1 is below 1');
  expect(message).toContain('buildReport.data.onwer: unknown field, did you mean owner?');
  expect(message).toContain('buildReport.data.tags: has 4 items, at most 3 are allowed');
  expect(message).toContain('buildReport.data.tags.1: 2 (number) is not of type String');
  expect(message).toContain('buildReport.data.range.from: "now" (string) is not of type Date');
});

test.each([
  [{ ...data, rows: 1e9 }, 'rows: 1000000000 is above 200000'],
  [{ ...data, rows: 1.5 }, 'rows: 1.5 is not an integer'],
  [{ ...data, rows: Number.NaN }, 'rows: NaN (number) is not of type Integer'],
  [{ ...data, owner: undefined }, 'owner: is missing'],
  [{ ...data, owner: null }, 'owner: is missing'],
  [{ ...data, size: 'huge' }, 'size: "huge" is not one of the allowed values'],
  [{ ...data, boxes: [{ width: 1, label: 'X' }] }, 'boxes.0.label: "X" does not match /^[a-z]+$/'],
  [{ ...data, boxes: [{ width: 1, label: 'x', height: 2 }] }, 'boxes.0.height: unknown field'],
  [{ ...data, range: { from: new Date('never') } }, 'range.from: is an invalid date'],
  [{ ...data, free: new Map() }, 'free: an instance of Map cannot be stored'],
  [{ ...data, free: { run: () => 1 } }, 'free.run: function run cannot be stored'],
  [{ ...data, free: { big: 1n } }, 'free.big: 1n cannot be stored'],
  [{ ...data, free: { $where: '1' } }, 'free.$where: a name must not be'],
  [{ ...data, range: Object.create({ from: new Date() }) }, 'an instance of'],
  ['rows', 'buildReport.data: "rows" is not an object'],
  [undefined, 'buildReport.data: undefined is not an object'],
])('a payload is refused where it does not fit: %#', (payload, expected) => {
  expect(problemsOf(payload)).toContain(expected);
});

test('a payload in a circle is refused', () => {
  const circle: Record<string, unknown> = {};
  circle.again = circle;
  expect(problemsOf({ ...data, free: circle })).toContain('in a circle');
});

test('an unknown task type is refused with the nearest name', () => {
  expect(() => definitionOf(catalog, 'buildRepot')).toThrow(
    'unknown task type "buildRepot", did you mean buildReport?',
  );
  expect(() => definitionOf(catalog, 'constructor')).toThrow('unknown task type "constructor"');
  expect(() => definitionOf(catalog, undefined)).toThrow('taskType: undefined is not a name');
});

test('a wrong definition is refused with all of its problems', () => {
  const define = () =>
    defineTasks({
      report: {
        payload: { rows: { type: Number, mim: 1 }, when: RegExp, free: Object, list: [String, Number], 'a.b': String },
        timout: 5,
        attempts: 0,
        backoff: { base: -1, fctor: 2 },
        rateLimit: { max: 1 },
      } as never,
    });
  for (const problem of [
    'report.payload.rows.mim: unknown schema key, did you mean min?',
    'report.payload.when: function RegExp is no type of the catalog',
    'report.payload.free: Object needs blackbox: true',
    'report.payload.list: an array is written [X]',
    "report.payload.a.b: a field's name",
    'report.timout: unknown option, did you mean timeout?',
    'report.attempts: 0 is below 1',
    'report.backoff.base: -1 is below 0',
    'report.backoff.fctor: unknown option, did you mean factor?',
    'report.rateLimit.per: is missing',
  ])
    expect(define).toThrow(problem);
});

test('a wrong limit is refused with all of its problems', () => {
  const problemsOf = (concurrency: unknown) => {
    const define = () => defineTasks({ sync: { payload: { customer: String }, concurrency } } as never);
    return expect(define);
  };
  problemsOf(0).toThrow('sync.concurrency: 0 is below 1');
  problemsOf('many').toThrow('sync.concurrency: "many" is not a number');
  problemsOf({ key: 'custmer', scop: 'all' }).toThrow(/max: is missing/);
  problemsOf({ key: 'custmer', scop: 'all' }).toThrow(
    'sync.concurrency.key: "custmer" is no field of the payload, did you mean customer?',
  );
  problemsOf({ max: 1, scop: 'all' }).toThrow('sync.concurrency.scop: unknown option, did you mean scope?');
  problemsOf({ max: 1, scope: 'both' }).toThrow("sync.concurrency.scope: \"both\" is not 'all' or 'role'");
  problemsOf({ max: 1, key: [] }).toThrow('sync.concurrency.key: names no field of the payload');
  problemsOf({ max: 1, key: 'customer', scope: 'role' }).toThrow('leave scope out');
});

test('a limit is one of a role, or over all', () => {
  const limits = (concurrency: never) => {
    const { sync } = defineTasks({ sync: { payload: { customer: String }, concurrency } });
    return { concurrency: sync.concurrency, slots: sync.slots };
  };
  expect(limits(4 as never)).toEqual({ concurrency: 4 });
  expect(limits({ max: 4, scope: 'role' } as never)).toEqual({ concurrency: 4 });
  expect(limits({ max: 4 } as never)).toEqual({ slots: { max: 4, key: [] } });
  expect(limits({ max: 1, key: 'customer' } as never)).toEqual({ slots: { max: 1, key: ['customer'] } });
});

test('defaults are filled in', () => {
  expect(catalog.ping).toMatchObject({ attempts: 3, priority: 1, timeout: 600_000, version: 1, perWorker: 1 });
  expect(catalog.buildReport.priority).toBe(10);
});

test('the hash follows the meaning of the catalog', () => {
  const one = defineTasks({ a: { payload: { x: Number } }, b: { payload: {} } });
  const same = defineTasks({ b: { payload: {} }, a: { payload: { x: { type: Number } } } });
  const other = defineTasks({ a: { payload: { x: String } }, b: { payload: {} } });
  expect(catalogHash(one)).toBe(catalogHash(same));
  expect(catalogHash(one)).not.toBe(catalogHash(other));
});

test('integers fall into three priority classes', () => {
  expect([-10, 0, 1, 9, 10, 99].map(priorityClassOf)).toEqual(['low', 'low', 'medium', 'medium', 'high', 'high']);
});
