import { GrowingPause, inSeconds } from '../../../infra/timing/growing-pause';

const limits = { firstMs: 1_000, maxMs: 60_000, soundAfterMs: 30_000 };

test('the pause doubles as long as what is started ends soon, up to its limit, however often that is', () => {
  const pause = new GrowingPause(limits);
  const first = Array.from({ length: 8 }, () => pause.next(10));
  expect(first).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  for (let ends = 0; ends < 2_000; ends += 1) pause.next(10);
  expect(pause.next(10)).toBe(60_000);
});

test('what has run soundly for a while begins with the first pause', () => {
  const pause = new GrowingPause(limits);
  for (const ran of [10, 10, 10]) pause.next(ran);
  expect(pause.next(30_000)).toBe(1_000);
  expect(pause.next(10)).toBe(2_000);
  pause.reset();
  expect(pause.next(10)).toBe(1_000);
});

test('a pause is said in seconds', () => expect([250, 1_000, 60_000].map(inSeconds)).toEqual(['0.3 s', '1 s', '60 s']));
