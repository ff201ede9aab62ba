import { Rush } from '../../../infra/queue/dispatch/rush';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Half a second in which so many tasks come. */
function halfASecond(rush: Rush, count: number): boolean {
  rush.claimed(count);
  jest.advanceTimersByTime(500);
  return rush.isOn;
}

test('a rush begins with 500 tasks a second, and ends with less than 200', () => {
  const rush = new Rush();
  expect(rush.isOn).toBe(false);
  expect(halfASecond(rush, 249)).toBe(false);
  expect(halfASecond(rush, 250)).toBe(true);
  expect(halfASecond(rush, 100)).toBe(true);
  expect(halfASecond(rush, 99)).toBe(false);
  expect(halfASecond(rush, 100)).toBe(false);
});

test('it is judged by whole windows, and is over where nobody has looked for longer', () => {
  const rush = new Rush();
  rush.claimed(1_000);
  expect(rush.isOn).toBe(false);
  jest.advanceTimersByTime(600);
  expect(rush.isOn).toBe(true);
  rush.claimed(1_000);
  jest.advanceTimersByTime(1_000);
  expect(rush.isOn).toBe(false);
});
