import { AsyncLocalStorage } from 'node:async_hooks';
import { Coalesced } from '../../../infra/timing/coalesced';
import { Pace } from '../../../infra/timing/pace';
import { Repeated } from '../../../infra/timing/repeated';
import { timerMs } from '../../../infra/timing/timer-ms';
import { withTimeout } from '../../../infra/timing/with-timeout';
import { Questions } from '../../../infra/workers/process/questions';
import { eventually } from '../../support/eventually';

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
  const answer = withTimeout(month, new Promise(resolve => setTimeout(resolve, 20, 'here')), () => new Error('late'));
  expect(await answer).toBe('here');
});

test('a question of a handler may wait for a month', async () => {
  const questions = new Questions(() => {});
  expect(await overflows(() => void questions.ask(1, 'how', { timeoutMs: month }).catch(() => {}))).toBe(false);
  questions.dropAttempt(1);
});

/** Work whose end a test decides: `ends` has one for each time that it was begun. */
function gatedWork(everyMs = 1) {
  const ends: (() => void)[] = [];
  const repeated = new Repeated(everyMs, () => new Promise(resolve => ends.push(resolve)));
  return { repeated, ends };
}

test('repeated work is never done twice at once, and its start waits for the first time', async () => {
  const { repeated, ends } = gatedWork();
  const started = [repeated.start(), repeated.start()];
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(ends).toHaveLength(1);
  ends[0]!();
  await Promise.all(started);
  await eventually(() => ends.length === 2);
  ends[1]!();
  await repeated.stop();
});

test('the stop of repeated work waits for what is at work, also for the first time, and nothing follows', async () => {
  const { repeated, ends } = gatedWork();
  void repeated.start();
  let stopped = false;
  const stop = repeated.stop().then(() => {
    stopped = true;
  });
  await new Promise(resolve => setImmediate(resolve));
  expect(stopped).toBe(false);
  ends[0]!();
  await stop;
  repeated.startLater();
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(ends).toHaveLength(1);
});

test('what keeps a pace begins at once after a pause, and in a row not sooner than it may', async () => {
  const pace = new Pace(40);
  let begun = 0;
  const begin = () => pace.next().then(() => begun++);
  const from = performance.now();
  void begin();
  await new Promise(resolve => setImmediate(resolve));
  expect(begun).toBe(1);
  await begin();
  await begin();
  // A timer may fire a moment early.
  expect(performance.now() - from).toBeGreaterThan(70);
  await new Promise(resolve => setTimeout(resolve, 50));
  void begin();
  await new Promise(resolve => setImmediate(resolve));
  expect(begun).toBe(4);
});

test('what is coalesced is done together, never two at a time, and once more for what came meanwhile', async () => {
  const done: string[][] = [];
  let asked: string[] = [];
  let atOnce = 0;
  let end = () => {};
  const work = new Coalesced(
    async () => {
      expect(++atOnce).toBe(1);
      done.push(asked.splice(0));
      await new Promise<void>(resolve => {
        end = resolve;
      });
      atOnce -= 1;
    },
    () => asked.length > 0,
  );
  const ask = (what: string) => {
    asked = [...asked, what];
    work.soon();
  };
  const turn = () => new Promise(resolve => setImmediate(resolve));
  ask('a');
  ask('b');
  expect(done).toEqual([]);
  await turn();
  ask('c');
  await turn();
  expect(done).toEqual([['a', 'b']]);
  end();
  await turn();
  await turn();
  expect(done).toEqual([['a', 'b'], ['c']]);
  ask('d');
  const stopped = work.stop();
  end();
  await stopped;
  await turn();
  expect([done.length, work.atWork]).toEqual([2, undefined]);
});

test('coalesced work runs in the context of nobody who asked for it', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const work = new Coalesced(async () => void seen.push(context.getStore()));
  context.run('mine', () => work.soon());
  await work.atWork;
  expect(seen).toEqual([undefined]);
});
