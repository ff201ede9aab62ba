import { check, Match } from '../../../infra/node-host/shared/check';
import { MeteorError } from '../../../infra/node-host/shared/meteor-error';

/** What `check` throws; undefined where it doesn't. */
function failure(value: unknown, pattern: unknown): (Error & { path?: string; sanitizedError?: unknown }) | undefined {
  try {
    check(value, pattern);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

describe('check', () => {
  test.each<[unknown, unknown]>([
    ['a', String],
    [1, Number],
    [Number.NaN, Number],
    [true, Boolean],
    [undefined, undefined],
    [null, null],
    [{ a: 1 }, Object],
    [() => {}, Function],
    [new Date(), Date],
    [[1, 2], [Number]],
    [[], [Number]],
    ['red', Match.OneOf('red', 'green')],
    [3, Match.Integer],
    [-3, Match.Integer],
    ['x', Match.NonEmptyString],
    [undefined, Match.Optional(String)],
    [undefined, Match.Maybe(String)],
    [null, Match.Maybe(String)],
    [{}, { a: Match.Optional(String) }],
    [{}, { a: Match.Maybe(String) }],
    [{ a: 1, b: 2 }, Match.ObjectIncluding({ a: Number })],
    [{ a: 1, b: 2 }, Match.ObjectWithValues(Number)],
    [{ a: { b: [{ c: 'x' }] } }, { a: { b: [{ c: String }] } }],
    [5, Match.Where(x => (x as number) > 4)],
    [Object.create(null), {}],
    [{ anything: [] }, Match.Any],
  ])('lets %j pass', (value, pattern) => {
    expect(failure(value, pattern)).toBeUndefined();
    expect(Match.test(value, pattern)).toBe(true);
  });

  test.each<[unknown, unknown, string, string]>([
    [5, String, 'Expected string, got number', ''],
    [null, Number, 'Expected number, got null', ''],
    ['x', null, 'Expected null, got "x"', ''],
    ['blue', Match.OneOf('red', 'green'), 'Failed Match.OneOf, Match.Maybe or Match.Optional validation', ''],
    ['blue', 'red', 'Expected red, got "blue"', ''],
    [1.5, Match.Integer, 'Expected Integer, got 1.5', ''],
    [2 ** 31, Match.Integer, 'Expected Integer, got 2147483648', ''],
    [{}, [Number], 'Expected array, got {}', ''],
    ['x', Date, 'Expected Date', ''],
    ['x', {}, 'Expected object, got string', ''],
    [null, {}, 'Expected object, got null', ''],
    [new Date(), {}, 'Expected plain object', ''],
    [{}, { a: String }, "Missing key 'a'", ''],
    [{ a: undefined }, { a: Match.Optional(String) }, 'Expected string, got undefined in field a', 'a'],
    [{ a: null }, { a: Match.Maybe(String) }, 'Expected string, got null in field a', 'a'],
    [{ a: 1 }, {}, 'Unknown key in field a', 'a'],
    [
      { a: { b: [{ c: 5 }] } },
      { a: { b: [{ c: String }] } },
      'Expected string, got number in field a.b[0].c',
      'a.b[0].c',
    ],
    [{ 'a b': 1 }, Match.ObjectWithValues(String), 'Expected string, got number in field ["a b"]', '["a b"]'],
    [3, Match.Where(x => (x as number) > 4), 'Failed Match.Where validation', ''],
    [[1], [String, Number], 'Bad pattern: arrays must have one type element', ''],
  ])('refuses %j', (value, pattern, message, path) => {
    const error = failure(value, pattern);
    expect(error).toBeInstanceOf(Match.Error);
    expect(error?.message).toContain(`Match error: ${message}`);
    expect(error?.path).toBe(path);
    expect(Match.test(value, pattern)).toBe(false);
  });

  test('tells the other side no more than that something does not match', () => {
    expect(failure(1, String)?.sanitizedError).toEqual(new MeteorError(400, 'Match failed'));
  });

  test('names every field where it is asked to', () => {
    const pattern = { a: String, b: Number, c: [Number], d: Boolean };
    const all = () => check({ a: 1, b: 'x', c: [1, 'y'] }, pattern, { throwAllErrors: true });
    let thrown: { message: string }[] = [];
    try {
      all();
    } catch (errors) {
      thrown = errors as { message: string }[];
    }
    expect(thrown.map(({ message }) => message)).toEqual([
      'Match error: Expected string, got number in field a',
      'Match error: Expected number, got string in field b',
      'Match error: Expected number, got string in field c[1]',
      "Match error: Missing key 'd'",
    ]);
  });

  test('passes on what a condition throws, unless that is a mismatch', () => {
    const broken = Match.Where(() => {
      throw new Error('a bug');
    });
    expect(() => check(1, broken)).toThrow('a bug');
    const nested = Match.Where(value => {
      check(value, { a: String });
      return true;
    });
    expect(failure({}, { x: nested })?.message).toContain("Missing key 'x'");
    expect(failure({ x: { a: 1 } }, { x: nested })?.path).toBe('x.a');
  });

  test('wants at least one choice', () => {
    expect(() => Match.OneOf()).toThrow('Must provide at least one choice to Match.OneOf');
  });
});
