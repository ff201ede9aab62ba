import { createHmac } from 'node:crypto';
import { defaultOptions } from '../../../infra/catalog';
import { overloadLevel } from '../../../infra/queue/claim/overload';
import { resolveSettings } from '../../../infra/queue/dispatch/settings';
import type { Outcome } from '../../../infra/queue/model/executor';
import { fingerprintOf, withoutIds } from '../../../infra/queue/model/fingerprint';
import { newTaskId } from '../../../infra/queue/model/ids';
import { compareTasks, placeAsAdded, placeOf, placeOfInterrupted, standingOf } from '../../../infra/queue/model/order';
import { Signer } from '../../../infra/queue/model/signature';
import { backoffMs, decideNextState } from '../../../infra/queue/model/states';
import { milestoneBetween } from '../../../infra/queue/store/error-groups';
import { aTask } from '../../support/tasks';

const now = new Date('2026-11-21T12:00:00Z');
const error = { name: 'E', message: 'no' };
const rules = {
  attempts: 3,
  maxSnoozes: 2,
  backoff: { base: 1_000, factor: 2, max: 60_000, jitter: 0 },
  retention: { done: 100, failed: 200 },
};
const decide = (ending: Outcome, special: Parameters<typeof aTask>[0] = {}) =>
  decideNextState(aTask({ state: 'running', ...special }), ending, now, rules, 0.5);
const at = (ms: number) => new Date(now.getTime() + ms);

test('a task that is put off waits, counts no attempt and does not sink, but not for ever', () => {
  const snoozed = { kind: 'snoozed', until: 5_000, why: 'not yet' } as const;
  expect(decide(snoozed, { attempt: 1 })).toEqual({ state: 'scheduled', attempt: 1, snoozes: 1, dueDate: at(5_000) });
  expect(decide({ ...snoozed, until: at(70_000) }, { snoozes: 1 })).toMatchObject({ snoozes: 2, dueDate: at(70_000) });
  expect(decide(snoozed, { snoozes: 2 })).toMatchObject({
    state: 'failed',
    attempt: 1,
    error: { name: 'SnoozedTooOften', message: 'snoozed more than 2 times (maxSnoozes), at last: not yet' },
  });
  expect(decide(snoozed, { cancelRequested: true })).toMatchObject({ state: 'cancelled', attempt: 0 });
});

test('a type may say itself how long to wait after an error', () => {
  expect(decide({ kind: 'failed', error, fatal: false, retryMs: 7 })).toMatchObject({ dueDate: at(7), sinks: true });
  expect(decide({ kind: 'failed', error, fatal: false, retryMs: 0 })).toMatchObject({ state: 'queued' });
  expect(decide({ kind: 'failed', error, fatal: false, retryMs: 7 }, { attempt: 2 })).toMatchObject({
    state: 'failed',
  });
});

test('what becomes of a running task', () => {
  expect(decide({ kind: 'done', value: 7 })).toMatchObject({
    state: 'done',
    attempt: 1,
    result: 7,
    expiresAt: at(100),
  });
  expect(decide({ kind: 'failed', error, fatal: false })).toMatchObject({
    state: 'scheduled',
    attempt: 1,
    dueDate: at(1_000),
    sinks: true,
  });
  expect(decide({ kind: 'failed', error, fatal: false }, { attempt: 1 })).toMatchObject({ dueDate: at(2_000) });
  expect(decide({ kind: 'failed', error, fatal: false }, { attempt: 2 })).toMatchObject({
    state: 'failed',
    attempt: 3,
    error,
    expiresAt: at(200),
  });
  expect(decide({ kind: 'failed', error, fatal: true })).toMatchObject({ state: 'failed', attempt: 1 });
  expect(decide({ kind: 'timedOut', error })).toMatchObject({ state: 'scheduled', attempt: 1 });
  expect(decide({ kind: 'crashed', error })).toMatchObject({ state: 'queued', attempt: 1, goesFirst: true });
  expect(decide({ kind: 'crashed', error })).not.toHaveProperty('sinks');
  expect(decide({ kind: 'crashed', error }, { attempt: 2 })).toMatchObject({ state: 'failed', attempt: 3 });
  expect(decide({ kind: 'rescued', error })).toMatchObject({ state: 'queued', attempt: 1 });
  expect(decide({ kind: 'cancelled' })).toMatchObject({ state: 'cancelled', attempt: 0, expiresAt: at(200) });
  expect(decide({ kind: 'rejected', error })).toMatchObject({ state: 'rejected', attempt: 0, error });
});

test('a task whose cancel was asked for is not tried again', () => {
  expect(decide({ kind: 'crashed', error }, { cancelRequested: true })).toMatchObject({ state: 'cancelled' });
});

test('a task that finishes after its deadline has missed it', () => {
  expect(decide({ kind: 'done', value: 1 }, { deadline: at(-1) })).toMatchObject({ deadlineMissed: true });
  expect(decide({ kind: 'done', value: 1 }, { deadline: at(1) })).not.toHaveProperty('deadlineMissed');
});

test('the wait before a retry doubles up to its longest, give or take the jitter', () => {
  const backoff = { base: 1_000, factor: 2, max: 5_000, jitter: 0.2 };
  expect([1, 2, 3, 4].map(failures => backoffMs(failures, backoff, 0.5))).toEqual([1_000, 2_000, 4_000, 5_000]);
  expect([0, 1].map(random => backoffMs(1, backoff, random))).toEqual([800, 1_200]);
});

test('errors that differ in numbers, ids and quoted texts only are one group', () => {
  expect(withoutIds('row 17 of "a.xlsx" (id 5f3a9bc2d1e0) took 1,234.5 ms')).toBe(
    'row <number> of <text> (id <id>) took <number> ms',
  );
  const of = (message: string, stack: string, taskType = 'a') => fingerprintOf(taskType, { name: 'E', message, stack });
  const stack = 'E: x\n    at build (/app/report.ts:10:5)\n    at run (/app/run.ts:1:1)';
  expect(of('row 1', stack)).toBe(of('row 2', stack.replace('10:5', '12:9')));
  expect(of('row 1', stack)).not.toBe(of('row 1', stack, 'b'));
  expect(of('row 1', stack)).not.toBe(of('row 1', stack.replace('build', 'other')));
  expect(of('row 1', stack)).not.toBe(of('column 1', stack));
});

test('a group is told of at its 1st, 10th, 100th … occurrence', () => {
  expect(
    [
      [0, 1],
      [1, 2],
      [8, 12],
      [0, 25],
      [99, 100],
      [100, 101],
      [5, 1_500],
    ].map(([a, b]) => milestoneBetween(a!, b!)),
  ).toEqual([1, undefined, 10, 10, 100, undefined, 1_000]);
});

test('the order of the queue is an order', () => {
  const tasks = Array.from({ length: 60 }, (_, n) =>
    aTask({ _id: `${n}`, priority: n % 3, place: (n % 2) as 0 | 1, dueDate: at(n % 5) }),
  );
  const [a, b] = [[...tasks].sort(compareTasks), [...tasks].reverse().sort(compareTasks)];
  expect(a.map(({ _id }) => _id)).toEqual(b.map(({ _id }) => _id));
});

test('a signature covers what a task is asked for with, and nothing that a retry changes', () => {
  const signer = new Signer(['k1']);
  const task = aTask({ data: { a: 1, b: [new Date(5), { c: null }] } });
  const signed = { ...task, signature: signer.sign(task) };
  expect(signer.verify(signed)).toBe(true);
  expect(signer.verify({ ...signed, data: { b: [new Date(5), { c: null }], a: 1 } })).toBe(true);
  const retried = { ...signed, priority: 9, place: -1, attempt: 2, dueDate: new Date(0) } as const;
  expect(signer.verify(retried)).toBe(true);
  for (const change of [
    { _id: 'x' },
    { taskType: 'x' },
    { data: { a: 2 } },
    { createdAt: new Date(0) },
    { basePriority: 9 },
    { place: 0 as const },
    { deadline: new Date(5) },
    { uniqueKey: 'k' },
    { catalogVersion: 2 },
    { origin: 'x' },
    { sender: { ...task.sender, rootUrl: 'x' } },
    { data: { a: 1, b: [{ $date: 5 }, { c: null }] } },
    { data: new Map() },
    { createdAt: 'x' as never },
    { signature: 'x' },
    { signature: undefined },
  ])
    expect(signer.verify({ ...signed, ...change })).toBe(false);
  expect(new Signer(['k2', 'k1']).verify(signed)).toBe(true);
  expect(new Signer(['k2']).verify(signed)).toBe(false);
  expect(new Signer().verify({ ...signed, signature: undefined })).toBe(true);
});

test('a signature from before there were versions still verifies, and covers what it did', () => {
  const task = aTask({ _id: 'old', data: { when: new Date(5), n: 1 }, createdAt: new Date(7) });
  const text = '["old","ping",7,{"n":1,"when":{"$date":5}}]';
  const signature = createHmac('sha256', 'k1').update(text).digest('base64url');
  expect(new Signer(['k1']).verify({ ...task, signature })).toBe(true);
  expect(new Signer(['k1']).verify({ ...task, signature: `v2:${signature}` })).toBe(false);
  expect(new Signer(['k1']).verify({ ...task, signature, data: { n: 2 } })).toBe(false);
});

test('a machine is overloaded by degrees, and eases with a margin', () => {
  const load = (eventLoopDelayMs: number) => ({ eventLoopDelayMs, cpu: 0.5, freeMemoryMb: 500 });
  const level = (ms: number, before: 0 | 1 | 2 | 3 = 0) => overloadLevel(load(ms), { eventLoopDelayMs: 100 }, before);
  expect([50, 101, 151, 201].map(ms => level(ms))).toEqual([0, 1, 2, 3]);
  expect([level(95, 1), level(89, 1), level(101, 3)]).toEqual([1, 0, 1]);
  expect(overloadLevel(load(0), { freeMemoryMb: 600 }, 0)).toBe(1);
  expect(overloadLevel({ ...load(0), cpu: 1 }, { cpu: 0.98 }, 0)).toBe(1);
  expect(overloadLevel({ ...load(0), cpu: 1 }, { cpu: 1 }, 0)).toBe(0);
});

test('ids grow in the order of their making', () => {
  const ids = Array.from({ length: 5_000 }, newTaskId);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('settings of a dispatcher fit each other', () => {
  expect(resolveSettings()).toMatchObject({ refreshRate: 1_000, leaseMs: 30_000, heartbeatMs: 10_000, batch: 500 });
  expect(resolveSettings({ leaseMs: 3_000 })).toMatchObject({ heartbeatMs: 1_000 });
  expect(resolveSettings({ heartbeatMs: 60_000 })).toMatchObject({ leaseMs: 180_000 });
  expect(() => resolveSettings({ leaseMs: 3_000, heartbeatMs: 2_000 })).toThrow(
    'heartbeatMs: 2000 is more than a third',
  );
  expect(() => resolveSettings({ batch: 0 })).toThrow('batch: 0 is below 1');
  expect(defaultOptions.retention).toEqual({ done: 7 * 86_400_000, failed: 30 * 86_400_000 });
});

test('what was interrupted stands before what was not, and of either those in front; the stored place says the same', () => {
  const standings = [true, false].flatMap(interrupted => [true, false].map(front => ({ front, interrupted })));
  const places = standings.map(placeOf);
  expect(places).toEqual([-2, -1, 0, 1]);
  expect(places.map(standingOf)).toEqual(standings);
  expect(places.map(placeOfInterrupted)).toEqual([-2, -1, -2, -1]);
  expect(places.map(placeAsAdded)).toEqual([0, 1, 0, 1]);
});
