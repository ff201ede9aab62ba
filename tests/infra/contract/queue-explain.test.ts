import type { LivingRole } from '../../../infra/monitor/processes';
import type { TypeCounters } from '../../../infra/queue/store/task-counters';
import { Snooze } from '../../../infra/workers/handler';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';

let opened: TestQueue;
beforeEach(async () => {
  opened = await TestQueue.open();
});
afterEach(() => opened.close());

const queue = () => opened.queue;
const kinds = async (id: string) => (await queue().explain(id))?.reasons.map(({ kind }) => kind);
const hour = 3_600_000;

test('a task in line is told how many of its type are before it, and what is paused', async () => {
  const ids = await queue().addTasks([1, 2, 3].map(n => ({ taskType: 'ping', data: { n } }) as const));
  const first = await queue().addTask({ taskType: 'ping', priority: 50 });
  await queue().addTask({ taskType: 'flaky', priority: 90 });
  expect((await queue().explain(first))?.reasons).toEqual([{ kind: 'line', ahead: 0, text: expect.any(String) }]);
  expect((await queue().explain(ids[2]!))?.text).toBe(`ping ${ids[2]} is queued: 3 of its type are before it`);
  await queue().pause('ping');
  expect(await kinds(first)).toEqual(['paused', 'line']);
  await queue().pause();
  expect((await queue().explain(first))?.text).toContain('everything is paused');
  expect(await queue().explain('nobody')).toBeUndefined();
});

test('one that is due later says what put it off', async () => {
  const asked = await queue().addTask({ taskType: 'ping', dueDate: new Date(Date.now() + hour) });
  expect((await queue().explain(asked))?.text).toMatch(/due at .*: it was asked for then/);
  await opened.role({
    ping: () => {
      throw new Snooze(hour, 'no parcel');
    },
    patient: () => {
      throw new Error('no line');
    },
  });
  const snoozed = await queue().addTask({ taskType: 'ping' });
  const failing = await queue().addTask({ taskType: 'patient' });
  await eventually(async () => (await queue().explain(snoozed))?.text.includes('put it off (no parcel)'));
  await eventually(async () => (await queue().explain(failing))?.text.includes('attempt 1 has failed (no line)'));
});

test('one that comes after others names those that have not ended', async () => {
  const [done, open] = await queue().addTasks([{ taskType: 'ping' }, { taskType: 'ping' }] as const);
  const after = await queue().addTask({ taskType: 'ping', after: [done!, open!] });
  await queue().core.store.collection.updateOne({ _id: done! }, { $set: { state: 'done', finishedAt: new Date() } });
  expect((await queue().explain(after))?.reasons).toEqual([
    { kind: 'predecessors', ids: [open], text: `it comes after ${open}` },
  ]);
});

test('one that waits for a rate says until when', async () => {
  const hold = gate();
  await opened.role({ limited: () => hold.opened });
  const ids = await queue().addTasks(Array.from({ length: 6 }, () => ({ taskType: 'limited' }) as const));
  await eventually(async () => (await queue().find({ state: 'running' }).countAsync()) > 0);
  const waiting = await eventually(async () => queue().findOne({ _id: { $in: ids }, state: 'queued' }));
  await eventually(async () => (await kinds(waiting._id))?.includes('rate'));
  hold.open();
});

test('one that no role takes or knows says so', async () => {
  const other = await opened.elsewhere({ untakenTypes: async () => ['ping'] });
  const id = await queue().addTask({ taskType: 'ping' });
  expect((await other.queue.explain(id))?.reasons[0]).toMatchObject({ kind: 'untaken', taskType: 'ping' });
  await queue().core.store.collection.updateOne({ _id: id }, { $set: { catalogVersion: 9 } });
  expect((await queue().explain(id))?.reasons[0]).toMatchObject({ kind: 'unknownType' });
});

test('overload is named where every role that takes it holds it back, and else when it may start is estimated', async () => {
  const slots = { taskTypes: ['ping'], slots: 2 };
  const roles: LivingRole[] = [
    { ...slots, minPriority: Number.POSITIVE_INFINITY },
    { ...slots, minPriority: 5 },
  ];
  const other = await opened.elsewhere({ livingRoles: async () => roles });
  await queue().core.db.collection<TypeCounters>('taskCounters').insertOne({ _id: 'ping', usualMs: 60_000 });
  const ids = await queue().addTasks(
    [1, 2, 3].map(n => ({ taskType: 'ping', data: { n }, _id: `ping-${n}` }) as const),
  );
  const asked = () => other.queue.explain(ids[2]!);
  expect((await asked())?.reasons).toMatchObject([
    { kind: 'overload', minPriority: 5 },
    { kind: 'line', ahead: 2 },
  ]);
  expect((await asked())?.text).toContain('is overloaded, and starts nothing below priority 5 now');
  // The other one starts all: 4 places, a minute each, two before it.
  roles[1] = slots;
  const now = other.queue.core.clock.now().getTime();
  const explanation = await asked();
  const [line] = explanation!.reasons as { estimatedStart?: Date }[];
  expect(Number(line?.estimatedStart) - now).toBeGreaterThanOrEqual(45_000);
  expect(explanation?.text).toContain('an estimate, by usual durations: it starts at about');
});

test('one that runs or has ended says how it goes', async () => {
  const hold = gate();
  const { owner } = await opened.role({ ping: () => hold.opened });
  const id = await queue().addTask({ taskType: 'ping' });
  await opened.becomes(id, 'running');
  expect(await queue().explain(id)).toMatchObject({ reasons: [], text: expect.stringContaining(`${owner} has it`) });
  hold.open();
  await opened.becomes(id, 'done');
  expect((await queue().explain(id))?.text).toMatch(/is done: it has ended at/);
});

test('one that waits for a slot names who has it, and how many wait before it', async () => {
  const add = () => queue().addTask({ taskType: 'turns', data: { customer: 'ada' } });
  const [first, , third] = [await add(), await add(), await add()];
  const [reason] = (await queue().explain(third))?.reasons ?? [];
  expect(reason).toMatchObject({ kind: 'slot', limitKey: 'turns/ada', heldBy: [first], ahead: 1 });
});
