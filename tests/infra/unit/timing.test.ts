import { timerMs } from '../../../infra/timing/timer-ms';
import { withTimeout } from '../../../infra/timing/with-timeout';
import { Questions } from '../../../infra/workers/process/questions';

const month = 31 * 86_400_000;

/** What Node says when a timer is set for longer than it can wait: it then fires at once. */
async function overflows(act: () => unknown): Promise<boolean> {
  let overflown = false;
  const hear = ({ name }: Error) => {
    overflown ||= name === 'TimeoutOverflowWarning';
  };
  process.on('warning', hear);
  act();
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  process.off('warning', hear);
  return overflown;
}

test('a delay stays within what a timer takes', () => {
  expect([timerMs(-1), timerMs(5), timerMs(month), timerMs(Number.POSITIVE_INFINITY)]).toEqual([
    0,
    5,
    2 ** 31 - 1,
    2 ** 31 - 1,
  ]);
});

test('whoever gives a month to answer is not told at once that it is over', async () => {
  const answer = withTimeout(month, new Promise(resolve => setTimeout(resolve, 20, 'here')), new Error('late'));
  expect(await answer).toBe('here');
});

test('a question of a handler may wait for a month', async () => {
  const questions = new Questions(() => {});
  expect(await overflows(() => void questions.ask(1, 'how', { timeoutMs: month }).catch(() => {}))).toBe(false);
  questions.dropAttempt(1);
});
