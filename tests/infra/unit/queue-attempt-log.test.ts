import { LastLines, mergedLog } from '../../../infra/queue/model/attempt-log';

const filled = (count: number, length: number, at = 0) => {
  const last = new LastLines();
  for (let n = 0; n < count; n++) last.push({ at: at + n, text: `${n}`.padEnd(length, '.') });
  return last.log;
};

test('the last 200 lines are kept, and how many came before is known', () => {
  const { lines, dropped } = filled(1_000, 10);
  expect([lines.length, dropped]).toEqual([200, 800]);
  expect(lines.at(-1)?.text).toMatch(/^999\./);
});

test('no more than 64 KB are kept, counted as they are stored, and a line is never longer than 8,000 characters', () => {
  const { lines, dropped } = filled(100, 4_000);
  expect(lines.length * 4_000).toBeLessThanOrEqual(64 * 1_024);
  expect(lines.length + dropped).toBe(100);
  const last = new LastLines();
  for (let n = 0; n < 5; n++) last.push({ at: n, text: '€'.repeat(20_000), fields: '€'.repeat(20_000) });
  const bytes = last.log.lines.map(({ text, fields }) => Buffer.byteLength(text + fields));
  expect(last.log.lines.every(({ text }) => text.length <= 8_000)).toBe(true);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(64 * 1_024);
  expect(last.log.lines.length).toBeGreaterThan(0);
});

test('what comes from two sources stands in the order in which it was written', () => {
  const merged = mergedLog(filled(3, 1, 0.5), undefined, filled(2, 1, 1));
  expect(merged?.lines.map(({ at }) => at)).toEqual([0.5, 1, 1.5, 2, 2.5]);
  expect(mergedLog(filled(150, 1), filled(150, 1))).toMatchObject({ dropped: 100 });
  expect(mergedLog(filled(300, 1), filled(1, 1))).toMatchObject({ dropped: 101 });
  expect(mergedLog(undefined, undefined)).toBeUndefined();
});
