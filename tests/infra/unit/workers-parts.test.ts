import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FreeCapacity } from '../../../infra/workers/pool/capacity';
import { Estimates } from '../../../infra/workers/pool/estimates';
import { chooseWorker } from '../../../infra/workers/pool/pending-attempts';
import { StartBackoff } from '../../../infra/workers/pool/start-backoff';
import { workerEnvironment, workerMark } from '../../../infra/workers/pool/worker-environment';
import { FailureStreaks, whyRecycle } from '../../../infra/workers/pool/worker-health';
import { sendEach } from '../../../infra/workers/protocol/channel';
import { LineSplitter } from '../../../infra/workers/protocol/line-splitter';
import { parseBatch, parseFromWorker, parseToWorker } from '../../../infra/workers/protocol/parse-message';

const worker = (load: number, backlogMs = 0, state = 'ready') => ({ state, load, backlogMs, attempts: new Map() });

describe('where a task goes', () => {
  test('to the emptiest worker with a free slot', () => {
    const workers = [worker(1), worker(0.5), worker(0)];
    expect(chooseWorker(workers, 1, 100)).toBe(workers[2]);
    expect(chooseWorker(workers, 0.5, 100)).toBe(workers[2]);
  });

  test('into a busy worker that will be through in a moment, where it is short itself', () => {
    const busy = worker(1, 5);
    expect(chooseWorker([busy], 1, 2)).toBe(busy);
    expect(chooseWorker([busy], 1, 50)).toBeUndefined();
    expect(chooseWorker([worker(1, 500)], 1, 2)).toBeUndefined();
  });

  test('nowhere, while it is not known how long it takes, or no worker is ready', () => {
    expect(chooseWorker([worker(1, 0)], 1, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(chooseWorker([worker(0, 0, 'starting'), worker(0, 0, 'leaving')], 1, 1)).toBeUndefined();
  });
});

describe('how long tasks take', () => {
  test('is unknown at first, and nothing is fetched ahead then', () => {
    const estimates = new Estimates();
    expect(estimates.of('noop')).toBe(Number.POSITIVE_INFINITY);
    expect(estimates.usual).toBe(Number.POSITIVE_INFINITY);
  });

  test('rises at once and falls slowly', () => {
    const estimates = new Estimates();
    estimates.learn('noop', 1);
    estimates.learn('noop', 1_000);
    expect(estimates.of('noop')).toBe(1_000);
    estimates.learn('noop', 1);
    expect(estimates.of('noop')).toBeCloseTo(800.2);
    expect(estimates.usual).toBeCloseTo(800.2);
  });
});

describe('what a pool can take', () => {
  const admitted = (free: FreeCapacity, expectedMs: number) => {
    let count = 0;
    while (free.admit(expectedMs)) count += 1;
    return count;
  };
  const unknown = Number.POSITIVE_INFINITY;

  test('is one task for each free slot, while it is not known how long they take', () => {
    expect(admitted(new FreeCapacity([worker(0), worker(1, unknown)], 2, 500), unknown)).toBe(3);
    expect(new FreeCapacity([worker(0), worker(1, unknown)], 2, 500).count(unknown)).toBe(3);
  });

  test('is short tasks ahead of their time, up to the prefetch', () => {
    expect(admitted(new FreeCapacity([worker(1, 0)], 0, 30), 1)).toBe(30);
    expect(admitted(new FreeCapacity([worker(1, 0)], 0, 500), 1)).toBe(50);
    expect(admitted(new FreeCapacity([worker(0), worker(0)], 0, 500), 30)).toBe(5);
    expect(admitted(new FreeCapacity([worker(1, 30), worker(1, 30)], 0, 500), 30)).toBe(3);
    expect(admitted(new FreeCapacity([worker(1, 2_000)], 0, 500), 1)).toBe(0);
  });

  test('is no more than the slots for long tasks, however short the usual ones are', () => {
    const free = new FreeCapacity([worker(0), worker(0)], 0, 500);
    for (let short = 0; short < 20; short += 1) expect(free.admit(1)).toBe(true);
    expect(admitted(free, 10_000)).toBe(2);
    expect(free.admit(1)).toBe(false);
  });

  test('is nothing in a worker that leaves', () => {
    expect(admitted(new FreeCapacity([worker(0, 0, 'leaving')], 0, 500), 1)).toBe(0);
  });
});

describe('a message', () => {
  const finished = (outcome: object) => ({ kind: 'finished', attempt: 1, outcome, startedAt: 0, finishedAt: 0 });
  test.each<[unknown, string]>([
    [{ kind: 'constructor' }, 'unknown message "constructor"'],
    [null, 'unknown message undefined'],
    [{ kind: 'started', attempt: -1, at: 0 }, 'started.attempt: -1 is not valid'],
    [finished({ kind: 'odd' }), 'outcome'],
    [finished({ kind: 'failed', error: { name: 'Error', message: 'x', stack: 5 } }), 'outcome'],
  ])('from a worker is refused where it is none of the protocol: %j', (message, reason) => {
    expect(() => parseFromWorker(message)).toThrow(reason);
  });

  test('comes in a batch', () => {
    expect(() => parseBatch(undefined)).toThrow('no array of messages');
    expect(parseBatch({ messages: [null], rss: 1 })).toEqual({ messages: [null], rss: 1 });
  });

  test('to a worker is checked as well', () => {
    expect(() => parseToWorker({ kind: 'run', attempt: 1, task: {}, quick: false })).toThrow('run.task');
    expect(parseToWorker({ kind: 'abort', attempt: 1, reason: 'cancelled' })).toMatchObject({ attempt: 1 });
  });

  test('that cannot be sent costs its batch nothing', () => {
    const sent: unknown[] = [];
    const refused: unknown[] = [];
    const send = (part: unknown[]) => void sent.push(...(deserialize(serialize(part)) as unknown[]));
    sendEach([1, () => 2, 3, new Proxy({}, {}), 5], send, message => refused.push(typeof message));
    expect(sent).toEqual([1, 3, 5]);
    expect(refused).toEqual(['function', 'object']);
  });
});

test('workers are not replaced again and again where the types fail in each of them', () => {
  const streaks = new FailureStreaks();
  let replaced = 0;
  let worker = {};
  const fail = (taskType: string) => {
    if (!streaks.failed(worker, taskType)) return;
    replaced += 1;
    worker = {};
  };
  for (let n = 0; n < 1_000; n += 1) fail(n % 2 === 0 ? 'mail' : 'sms');
  expect(replaced).toBeLessThan(10);
  streaks.succeeded(worker, 'mail');
  fail('mail');
  fail('sms');
  expect(replaced).toBeLessThan(11);
  expect(streaks.failed({}, 'mail')).toBeUndefined();
});

test('docs/tasks.md names each variable that a worker finds in its environment', () => {
  const named = readFileSync(join(__dirname, '../../../docs/tasks.md'), 'utf8').match(/`[A-Za-z_]+`/g)!;
  const everything = Object.fromEntries(named.map(name => [name.slice(1, -1), 'x']));
  const given = Object.keys(
    workerEnvironment({ ...process.env, ...everything, LC_ALL: 'C', MONGO_URL: 'x', PORT: '1' }),
  );
  expect(
    given.filter(name => !named.includes(`\`${name}\``) && name !== workerMark && !name.startsWith('LC_')),
  ).toEqual([]);
  expect(given).not.toContain('MONGO_URL');
  expect(given).toContain('SystemRoot');
});

test('output is cut into lines, whatever the pieces it comes in', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(line => lines.push(line));
  for (const piece of ['on', 'e\r\ntwo\nth', 'ree']) splitter.push(piece);
  splitter.end();
  expect(lines).toEqual(['one', 'two', 'three']);
});

test('a worker is recycled at its limits; 0 means never', () => {
  const limits = { tasks: 10, ageMs: 1_000, rssBytes: 2 ** 20 };
  expect(whyRecycle({ finished: 9, ageMs: 999, rss: 2 ** 20 }, limits)).toBeUndefined();
  expect(whyRecycle({ finished: 10, ageMs: 0, rss: 0 }, limits)).toContain('10 tasks');
  expect(whyRecycle({ finished: 0, ageMs: 1_000, rss: 0 }, limits)).toContain('1000 ms old');
  expect(whyRecycle({ finished: 1e9, ageMs: 1e9, rss: 1e12 }, { tasks: 0, ageMs: 0, rssBytes: 0 })).toBeUndefined();
});

test('starts that fail are spaced out, half a minute at most, and forgotten after one that works', () => {
  const backoff = new StartBackoff();
  const waits = Array.from({ length: 9 }, () => backoff.failed(0).waitMs);
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(backoff.waitMs(10_000)).toBe(20_000);
  backoff.succeeded();
  expect(backoff.waitMs(10_000)).toBe(0);
  expect(backoff.failed(0)).toEqual({ failures: 1, waitMs: 250 });
});
