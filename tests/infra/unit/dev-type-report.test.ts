import { TypeReport } from '../../../infra/dev/running/type-check';

let report: TypeReport;

beforeEach(() => {
  report = new TypeReport();
});

/** What is printed of one check. */
const check = (...errors: string[]) =>
  [
    '12:00:01 AM - File change detected. Starting incremental compilation...',
    '',
    ...errors,
    `12:00:02 AM - Found ${errors.length} error${errors.length === 1 ? '' : 's'}. Watching for file changes.`,
  ].flatMap(line => report.hear(line));

const wrong = "imports/ui/App.tsx(3,5): error TS2322: Type 'string' is not assignable to type 'number'.";

test('an error is one line with its place, without the explanations below it', () => {
  expect(check(wrong, '  The expected type comes from property `a`.')).toEqual([
    '1 error',
    "imports/ui/App.tsx:3:5 Type 'string' is not assignable to type 'number'. (TS2322)",
  ]);
  expect(check("error TS2688: Cannot find type definition file for 'x'.")[1]).toBe(
    "Cannot find type definition file for 'x'. (TS2688)",
  );
});

test('errors that stay are not said again; when they are gone, that is said', () => {
  expect(check()).toEqual([]);
  expect(check(wrong)).toHaveLength(2);
  expect(check(wrong)).toEqual([]);
  expect(check()).toEqual(['the types are right again']);
  expect(check()).toEqual([]);
  expect(check(wrong)).toHaveLength(2);
});

test('of many errors the first ten are shown, and how many more there are', () => {
  const many = Array.from({ length: 25 }, (_, n) => `a.ts(${n},1): error TS1: no`);
  const said = check(...many);
  expect([said[0], said.length, said.at(-1)]).toEqual(['25 errors', 12, 'and 15 more: npx tsc lists them']);
});
