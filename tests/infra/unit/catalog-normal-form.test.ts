import { isDeepStrictEqual, types } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { normalForm, payloadLimits, resultLimits } from '../../../infra/catalog';
import { oddValue } from '../../support/odd-values';
import { propertySize } from '../../support/property-size';

const inNode = { ...payloadLimits, isProxy: types.isProxy };
const formOf = (value: unknown, limits = inNode) => normalForm(value, 'it', limits);
const normalOf = (value: unknown, limits = inNode) => {
  const { value: normal, problems } = formOf(value, limits);
  expect(problems).toEqual([]);
  return normal;
};

describe('the normal form of a value', () => {
  test('is a copy: what the caller changes later changes nothing', () => {
    const given = { list: [1, { when: new Date(5) }], text: 'x', none: null };
    const normal = normalOf(given) as typeof given;
    expect(normal).toStrictEqual(given);
    (given.list[1] as { when: Date }).when.setTime(9);
    expect(normal.list[1]).toEqual({ when: new Date(5) });
  });

  test.each([
    ['half an emoji', 'Happy 🎉'.slice(0, 7), 'Happy �'],
    ['a whole one', '🎉', '🎉'],
    ['-0', { n: -0 }, { n: 0 }],
    ['what is undefined', { a: undefined, b: [1, undefined] }, { b: [1, null] }],
    ['numbers that JSON lacks', [Number.NaN, Number.NEGATIVE_INFINITY], [Number.NaN, Number.NEGATIVE_INFINITY]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a date of a class of its own', new (class Day extends Date {})(7), new Date(7)],
    ['what belongs to no value', Object.assign(['x'], { index: 3, [Symbol('s')]: 1 }), ['x']],
  ])('of %s', (_, given, normal) => {
    expect(normalOf(given)).toStrictEqual(normal);
  });

  test('is there for what comes from another realm', () => {
    expect(JSON.stringify(normalOf(runInNewContext('({ a: [new Date(5)], b: { c: 1 } })')))).toBe(
      JSON.stringify({ a: [new Date(5)], b: { c: 1 } }),
    );
  });

  test('has bytes in a result, as Uint8Array alone', () => {
    expect(normalOf(Buffer.from('hi'), { ...inNode, ...resultLimits })).toStrictEqual(new Uint8Array([104, 105]));
    expect(formOf(Buffer.from('hi')).problems[0]).toContain('it: a Uint8Array cannot be stored');
  });

  test.each<[string, unknown, string]>([
    ['a hole', [1, undefined, new Array(1)], 'it.2.0: is a hole'],
    ['an invalid date', { when: new Date(Number.NaN) }, 'it.when: is an invalid date'],
    ['an invalid date of another realm', { when: runInNewContext('new Date(NaN)') }, 'it.when: is an invalid date'],
    ['what only says that it is a date', { [Symbol.toStringTag]: 'Date', getTime: () => 5 }, 'it.getTime: function'],
    ['what only has the prototype of one', Object.create(Date.prototype), 'it: an instance of Date'],
    ['a big integer', { n: 2n ** 70n }, 'it.n: a bigint of more than 64 bits cannot be stored'],
    ['a view of bytes', new DataView(new ArrayBuffer(2)), 'it: a DataView cannot be stored'],
    ['numbers in bytes', { f: new Float64Array(2) }, 'it.f: a Float64Array cannot be stored'],
    ['shared memory', new SharedArrayBuffer(2), 'it: an instance of SharedArrayBuffer'],
    ['a name with NUL', { 'a\0b': 1 }, 'it."a\\u0000b": a name must not'],
    ['a name with half an emoji', { ['🎉'.slice(0, 1)]: 1 }, 'a name must not'],
    ['a name of the database', { deep: { _bsontype: 'ObjectId' } }, 'it.deep._bsontype: a name must not'],
    ['a name of the language', JSON.parse('{"__proto__":{}}'), 'it.__proto__: a name must not'],
    ['an operator', { $where: '1' }, 'it.$where: a name must not'],
    ['a path', { 'a.b': 1 }, 'it.a.b: a name must not'],
    ['a symbol', { s: Symbol('s') }, 'it.s: Symbol(s) cannot be stored'],
    [
      'a function whose name throws',
      { f: new Proxy(() => 1, { get: fail }) },
      'it.f: function (anonymous) cannot be stored',
    ],
    ['a boxed number', Object(5), 'it: an instance of Number'],
    ['a collection', { m: new Map() }, 'it.m: an instance of Map'],
    ['what inherits its fields', Object.create({ a: 1 }), 'it: an instance of Object'],
    ['a class that cannot be named', Object.create({ get constructor() { return fail(); } }), 'cannot be named'], // biome-ignore format: in one line
    ['a getter that throws', { get a() { return fail(); }, b: 1n }, 'it.a: cannot be read'], // biome-ignore format: in one line
    ['a Proxy', { order: new Proxy({ id: 1 }, {}) }, 'it.order: a Proxy cannot be stored'],
    ['a revoked Proxy', { order: revoked() }, 'it.order: a Proxy cannot be stored'],
  ])('is refused to %s, with its path', (_, given, problem) => {
    expect(formOf(given).problems.join('\n')).toContain(problem);
  });

  test('says of all that cannot be kept, up to ten', () => {
    expect(formOf({ a: 1n, b: [new Map()], c: 1 }).problems).toHaveLength(2);
    expect(formOf(Array.from({ length: 99 }, () => 1n)).problems).toHaveLength(10);
  });

  test('is bounded, however deep, wide or empty a value is', () => {
    const circle: unknown[] = [];
    for (let n = 0; n < 9; n++) circle.push(circle);
    const sparse = [1];
    sparse.length = 2 ** 32 - 1;
    expect(formOf(circle).problems).toEqual([expect.stringContaining('nested deeper than 32 levels, or in a circle')]);
    expect(formOf(sparse).problems).toEqual([expect.stringContaining('it.1: is a hole')]);
    expect(formOf({ a: 'é'.repeat(60), b: 1 }, { ...inNode, bytes: 100 }).problems).toEqual([
      'it: more than 100 bytes; put what is large into a file (context.files) and give its id',
    ]);
  });

  test('does not throw where nothing can tell a Proxy from what it stands for', () => {
    expect(normalForm({ a: revoked() }, 'it').problems).toEqual(['it: cannot be read']);
  });

  test('is its own normal form, for whatever has one', () => {
    const property = fc.property(oddValue, value => {
      const once = formOf(value);
      if (once.problems.length > 0) return;
      const twice = formOf(once.value);
      expect(twice.problems).toEqual([]);
      // Jest's toStrictEqual takes a field named "constructor" for a class.
      expect(isDeepStrictEqual(twice.value, once.value)).toBe(true);
      // The channel to a worker, as Node serialises it.
      expect(structuredClone(once.value)).toEqual(once.value);
    });
    fc.assert(property, { numRuns: 500 * propertySize });
  });
});

function fail(): never {
  throw new Error('no');
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
