import { rowsProblem } from '../../../imports/api/reports/schema';

describe('a number of rows', () => {
  test.each([1, 200_000])('may be %p', rows => {
    expect(rowsProblem(rows)).toBeUndefined();
  });

  test.each([
    [-1, '-1'],
    [0, '0'],
    [1e9, '1,000,000,000'],
    [1.5, '1.5'],
    [Number.NaN, 'that'],
    [Number.POSITIVE_INFINITY, '∞'],
  ])('may not be %p', (rows, shown) => {
    expect(rowsProblem(rows)).toBe(`Rows must be a whole number from 1 to 200,000, not ${shown}.`);
  });
});
