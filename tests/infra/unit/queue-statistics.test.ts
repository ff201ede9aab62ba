import { addHistogram, bucketOf, endOfBucket, type Histogram, percentile } from '../../../infra/queue/model/durations';
import {
  addCell,
  addCount,
  addDuration,
  emptyCell,
  type Minutes,
  rolledUp,
  stepOf,
} from '../../../infra/queue/model/statistics';

const histogramOf = (durations: readonly number[]) => {
  const histogram: Histogram = {};
  for (const ms of durations) addHistogram(histogram, { [bucketOf(ms)]: 1 });
  return histogram;
};

test('a duration falls into the bucket that reaches up to it', () => {
  expect([-5, 0, 0.2, 1, Number.NaN].map(bucketOf)).toEqual([0, 0, 0, 0, 0]);
  for (const ms of [1.1, 7, 250, 61_000, 86_400_000]) {
    expect(endOfBucket(bucketOf(ms))).toBeGreaterThanOrEqual(ms);
    expect(endOfBucket(bucketOf(ms) - 1)).toBeLessThan(ms);
  }
  expect(bucketOf(Number.MAX_VALUE)).toBe(bucketOf(2 ** 31));
});

test.each([0.5, 0.9, 0.95, 0.99])('the percentile %d of 1,000 durations is right within a tenth', share => {
  for (const spread of [(n: number) => n + 2, (n: number) => 3 * n ** 2 + 5, (n: number) => Math.exp(n / 80) + 40]) {
    const durations = Array.from({ length: 1_000 }, (_, n) => spread(n));
    const exact = durations[Math.ceil(share * 1_000) - 1]!;
    const read = percentile(histogramOf(durations), share)!;
    expect(Math.abs(read - exact) / exact).toBeLessThan(0.1);
  }
});

test('of no durations there is no percentile, and of one there is one', () => {
  expect(percentile({}, 0.5)).toBeUndefined();
  expect(percentile({ 4: 0 }, 0.5)).toBeUndefined();
  expect(percentile(histogramOf([100]), 0.5)).toBeCloseTo(97, -1);
});

test('minutes roll up to hours and days, and nothing is lost on the way', () => {
  const minutes: Minutes = new Map();
  const start = Date.UTC(2026, 2, 28, 22, 58);
  for (let minute = 0; minute < 180; minute++) {
    const cell = emptyCell();
    addCount(cell, 'done', minute);
    addDuration(cell, 'run', minute + 1);
    minutes.set(start + minute * 60_000, cell);
  }
  const hours = rolledUp(minutes, 'hour');
  const days = rolledUp(minutes, 'day');
  expect([...hours.keys()].map(at => new Date(at).getUTCHours())).toEqual([22, 23, 0, 1]);
  expect([...days.keys()].map(at => new Date(at).getUTCDate())).toEqual([28, 29]);
  for (const level of [hours, days]) {
    const whole = emptyCell();
    for (const cell of level.values()) addCell(whole, cell);
    expect(whole.counts).toEqual({ done: (179 * 180) / 2 });
    expect(whole.runMs).toBe((180 * 181) / 2);
    expect(Object.values(whole.run).reduce((sum, count) => sum + count, 0)).toBe(180);
  }
});

test('a step begins in UTC, before 1970 too', () => {
  expect(stepOf('day', Date.UTC(2026, 10, 29, 23, 59))).toBe(Date.UTC(2026, 10, 29));
  expect(stepOf('minute', -1)).toBe(-60_000);
});
