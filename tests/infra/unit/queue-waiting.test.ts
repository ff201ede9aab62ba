import { findCircles } from '../../../infra/queue/api/find-circles';
import { isLive, type TaskState } from '../../../infra/queue/model/task';
import { afterPredecessors, limitKeyOf, startStateOf } from '../../../infra/queue/model/waiting';
import { withSlots } from '../../../infra/queue/waiting/slots';
import { aTask } from '../../support/tasks';
import { catalogForTests } from '../../support/test-catalog';

const now = new Date('2026-11-28T12:00:00Z');
const later = new Date(now.getTime() + 1);

test('in which state a task begins', () => {
  expect(startStateOf({ dueDate: now }, now)).toEqual({ state: 'queued' });
  expect(startStateOf({ dueDate: later }, now)).toEqual({ state: 'scheduled' });
  expect(startStateOf({ dueDate: now, limitKey: 'a/' }, now)).toEqual({ state: 'waiting', waitsFor: 'slot' });
  expect(startStateOf({ dueDate: later, limitKey: 'a/' }, now)).toEqual({ state: 'scheduled' });
  expect(startStateOf({ dueDate: later, after: ['b'] }, now)).toEqual({ state: 'waiting', waitsFor: 'predecessors' });
});

test.each<[TaskState[], string, object]>([
  [['done', 'done'], 'fail', { kind: 'goOn' }],
  [[], 'fail', { kind: 'goOn' }],
  [['done', 'running'], 'fail', { kind: 'stay' }],
  [['waiting', 'scheduled'], 'run', { kind: 'stay' }],
  [['failed', 'running'], 'fail', { kind: 'failed', why: '0', its: 'failed' }],
  [['cancelled', 'rejected'], 'fail', { kind: 'failed', why: '1', its: 'rejected' }],
  [['failed', 'running'], 'cancel', { kind: 'cancelled', why: '0', its: 'failed' }],
  [['done', 'cancelled'], 'fail', { kind: 'cancelled', why: '1', its: 'cancelled' }],
  [['failed', 'running'], 'run', { kind: 'stay' }],
  [['failed', 'cancelled'], 'run', { kind: 'goOn' }],
])('what follows from %j with ifFailed %s', (states, ifFailed, what) => {
  const task = { after: ['0', '1'], ifFailed: ifFailed as 'run' };
  const known = new Map(states.map((state, index) => [String(index), state]));
  expect(afterPredecessors(task, known, state => isLive({ state }))).toEqual(what);
});

test('the key of a limit tells payloads apart, however long and odd they are', () => {
  const both = { taskType: 'a', slots: { max: 1, key: ['x', 'y'] } };
  const keyOf = (x: unknown, y: unknown) => limitKeyOf(both, { x, y });
  expect(new Set([keyOf('a', 'b c'), keyOf('a b', 'c'), keyOf('a', undefined), keyOf('a', 'null')]).size).toBe(4);
  expect(keyOf('a', 1)).toBe(keyOf('a', 1));
  const one = { taskType: 'a', slots: { max: 1, key: ['x'] } };
  expect(limitKeyOf(one, { x: 'ada' })).toBe('a/ada');
  expect(limitKeyOf(one, { x: 'x'.repeat(10_000) })!.length).toBeLessThan(100);
  expect(limitKeyOf({ taskType: 'a', slots: { max: 1, key: [] } }, { x: 1 })).toBe('a/');
  expect(limitKeyOf({ taskType: 'a' }, { x: 1 })).toBeUndefined();
});

test('of tasks that are added together the first of each key, in the order of the queue, get a slot', () => {
  const turn = (_id: string, customer: string, priority = 1) =>
    aTask({ _id, taskType: 'turns', limitKey: `turns/${customer}`, state: 'waiting', waitsFor: 'slot', priority });
  const tasks = [turn('1', 'ada'), turn('2', 'ada', 5), turn('3', 'bob'), aTask({ _id: '4' })];
  const insertions = withSlots(
    catalogForTests,
    tasks.map(task => ({ task, once: false })),
    0,
  );
  expect(insertions.map(({ task: { _id, state, slot, waitsFor } }) => [_id, state, slot ?? waitsFor])).toEqual([
    ['1', 'waiting', 'slot'],
    ['2', 'queued', 'turns/ada#0'],
    ['3', 'queued', 'turns/bob#0'],
    ['4', 'queued', undefined],
  ]);
});

test('a circle is found with its path, and a long chain is none', () => {
  expect(findCircles([{ _id: 'a' }, { _id: 'b', after: ['a', 'x'] }, { _id: 'c', after: ['a', 'b'] }])).toEqual([]);
  const circle = [
    { _id: 'a', after: ['b'] },
    { _id: 'b', after: ['c'] },
    { _id: 'c', after: ['d', 'b'] },
    { _id: 'd' },
  ];
  expect(findCircles(circle)).toEqual(['after: a circle: b → c → b']);
  const chain = Array.from({ length: 20_000 }, (_, n) => ({ _id: String(n), after: [String(n + 1)] }));
  expect(findCircles(chain)).toEqual([]);
});
