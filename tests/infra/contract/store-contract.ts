import type { Transition } from '../../../infra/queue/model/states';
import type { AttemptRecord, Task } from '../../../infra/queue/model/task';
import type { Held, Inserted, Settlement, TaskStore } from '../../../infra/queue/store/task-store';
import { aTask } from '../../support/tasks';

const second = 1_000;
const types = [
  { taskType: 'ping', version: 1 },
  { taskType: 'pong', version: 2 },
];

/** What every store of tasks promises. Memory and MongoDB pass the same suite. */
export function describeStore(
  name: string,
  open: () => Promise<TaskStore>,
  close: () => Promise<void> = async () => {},
) {
  describe(name, () => {
    let store: TaskStore;
    const now = new Date();
    const at = (ms: number) => new Date(now.getTime() + ms);

    beforeEach(async () => {
      store = await open();
    });
    afterAll(close);

    const add = (...tasks: Task[]): Promise<Inserted[]> => store.insert(tasks.map(task => ({ task, once: false })));
    const ids = async (limit = 100, minPriority?: number) =>
      (await store.peek({ types, limit, minPriority })).map(({ _id }) => _id);
    const take = (taskIds: string[], owner = 'me', token = 'token', leaseUntil = at(30 * second)) =>
      store.take(taskIds, { owner, token, now, leaseUntil });
    const claimed = async (special: Partial<Task> = {}) => {
      const task = aTask(special);
      await add(task);
      return (await take([task._id]))[0] as Task;
    };
    const settle = (task: Held, transition: Partial<Transition>, more: Partial<Settlement> = {}) =>
      store.settle([
        { task, transition: { state: 'done', attempt: 1, dueDate: now, ...transition }, attempt: anAttempt(), ...more },
      ]);
    const anAttempt = (): AttemptRecord => ({
      startedAt: now,
      finishedAt: at(5),
      outcome: 'done',
      owner: 'me',
      workerPid: 7,
    });

    test('what has waited since before a date rises to a priority, at most so many', async () => {
      const late = ['a', 'b', 'c'].map(_id => aTask({ _id, dueDate: at(-5), priority: -3 }));
      const others = [aTask({ _id: 'd', dueDate: at(-1) }), aTask({ _id: 'e', taskType: 'pong', dueDate: at(-5) })];
      await add(...late, aTask({ _id: 'f', dueDate: at(-5), priority: 8 }), ...others);
      const ping = { taskType: 'ping', lines: [] };
      expect(await store.isWaitingSince(ping, at(-5))).toBe(false);
      expect(await store.isWaitingSince(ping, at(-4))).toBe(true);
      expect(await store.raise(ping, at(-4), 7, 2)).toBe(2);
      expect(await store.raise(ping, at(-4), 7, 2)).toBe(1);
      expect(await store.raise(ping, at(-4), 7, 2)).toBe(0);
      expect((await store.find({ priority: 7 })).map(({ _id }) => _id).sort()).toEqual(['a', 'b', 'c']);
    });

    test('the queue is ordered by priority, then front before back, then due date, then id', async () => {
      const order = [
        aTask({ _id: 'z', priority: 9, dueDate: at(-1) }),
        aTask({ _id: 'y', place: 0, dueDate: at(-1) }),
        aTask({ _id: 'x', taskType: 'pong', dueDate: at(-5) }),
        aTask({ _id: 'a', dueDate: at(-4) }),
        aTask({ _id: 'b', taskType: 'pong', dueDate: at(-4) }),
        aTask({ _id: 'c', priority: -3, dueDate: at(-9) }),
      ];
      await add(...[...order].reverse());
      expect(await ids()).toEqual(['z', 'y', 'x', 'a', 'b', 'c']);
      expect(await ids(2)).toEqual(['z', 'y']);
    });

    test('a peek sees only types, versions and priorities that were asked for, and nothing that is scheduled', async () => {
      await add(
        aTask({ _id: 'known' }),
        aTask({ _id: 'newer', catalogVersion: 2 }),
        aTask({ _id: 'older', taskType: 'pong' }),
        aTask({ _id: 'unknown', taskType: 'other' }),
        aTask({ _id: 'low', priority: -10 }),
        aTask({ _id: 'future', dueDate: at(60 * second) }),
      );
      expect((await ids()).sort()).toEqual(['known', 'low', 'older']);
      expect((await ids(10, 1)).sort()).toEqual(['known', 'older']);
      expect(await store.peek({ types: [], limit: 10 })).toEqual([]);
    });

    test('an id that a live task has is refused, and the others of the batch are added', async () => {
      await add(aTask({ _id: 'a', data: { n: 1 } }));
      const results = await add(aTask({ _id: 'b' }), aTask({ _id: 'a', data: { n: 2 } }), aTask({ _id: 'c' }));
      expect(results.map(({ kind }) => kind)).toEqual(['added', 'duplicate', 'added']);
      expect((await store.findOne('a'))?.data).toEqual({ n: 1 });
    });

    test('a task takes the place of a finished one with its id', async () => {
      await settle(await claimed({ _id: 'a', data: { n: 1 } }), { finishedAt: now });
      expect(await add(aTask({ _id: 'a', data: { n: 2 } }))).toEqual([{ kind: 'added', id: 'a' }]);
      expect(await store.findOne('a')).toMatchObject({ state: 'queued', data: { n: 2 }, attempts: [] });
    });

    test('once: any record of the id, live or finished, means that nothing is added', async () => {
      const once = (task: Task) => store.insert([{ task, once: true }]);
      expect(await once(aTask({ _id: 'a', data: { n: 1 } }))).toEqual([{ kind: 'added', id: 'a' }]);
      expect(await once(aTask({ _id: 'a', data: { n: 2 } }))).toEqual([{ kind: 'there', id: 'a' }]);
      await take(['a']);
      await settle({ _id: 'a', owner: 'me', token: 'token' }, { finishedAt: now });
      expect(await once(aTask({ _id: 'a', data: { n: 3 } }))).toEqual([{ kind: 'there', id: 'a' }]);
      expect(await store.findOne('a')).toMatchObject({ state: 'done', data: { n: 1 } });
    });

    test('a unique key is unique among live tasks, and free again when its task has finished', async () => {
      await add(aTask({ _id: 'a', uniqueKey: 'k' }));
      const refused = { kind: 'duplicate', id: 'b', field: 'uniqueKey', value: 'k', existingId: 'a' };
      expect(await add(aTask({ _id: 'b', uniqueKey: 'k' }))).toEqual([refused]);
      const [task] = await take(['a']);
      expect((await add(aTask({ _id: 'b', uniqueKey: 'k' })))[0]?.kind).toBe('duplicate');
      await settle(task as Task, { finishedAt: now });
      expect((await add(aTask({ _id: 'b', uniqueKey: 'k' })))[0]?.kind).toBe('added');
    });

    test('one of many adds with a unique key at once wins', async () => {
      const adds = Array.from({ length: 20 }, () => add(aTask({ uniqueKey: 'race' })));
      const kinds = (await Promise.all(adds)).map(([result]) => result?.kind);
      expect(kinds.filter(kind => kind === 'added')).toHaveLength(1);
    });

    test('the next round of a recurring task waits once, and makes room when it is claimed', async () => {
      await add(aTask({ _id: 'a', recurringKey: 'r' }));
      expect(await add(aTask({ _id: 'b', recurringKey: 'r' }))).toEqual([{ kind: 'merged', id: 'a' }]);
      await take(['a']);
      expect((await add(aTask({ _id: 'b', recurringKey: 'r' })))[0]?.kind).toBe('added');
    });

    test('a claim takes what is still queued, in order, and nobody takes it twice', async () => {
      await add(aTask({ _id: 'a' }), aTask({ _id: 'b' }), aTask({ _id: 'c' }));
      const first = await take(['c', 'a'], 'me', 't1');
      expect(first.map(({ _id }) => _id)).toEqual(['c', 'a']);
      expect(first[0]).toMatchObject({ state: 'running', owner: 'me', token: 't1', leaseUntil: at(30 * second) });
      expect((await take(['a', 'b', 'c'], 'other', 't2')).map(({ _id }) => _id)).toEqual(['b']);
      expect(await ids()).toEqual([]);
    });

    test('the first of the queue is claimed in one go, of the types and priorities that were asked for', async () => {
      const claim = { owner: 'me', token: 't', now, leaseUntil: at(second) };
      const first = async (known: typeof types, minPriority?: number) =>
        (await store.takeFirst({ types: known, limit: 1, minPriority }, claim))?._id;
      await add(
        aTask({ _id: 'unknown', taskType: 'other', priority: 9 }),
        aTask({ _id: 'newer', catalogVersion: 2, priority: 8 }),
        aTask({ _id: 'a', priority: 5 }),
        aTask({ _id: 'b', taskType: 'pong', catalogVersion: 2, priority: 6 }),
        aTask({ _id: 'c', recurringKey: 'r' }),
      );
      expect(await first([])).toBeUndefined();
      expect(await first(types)).toBe('b');
      expect(await first(types.slice(0, 1), 2)).toBe('a');
      expect(await first(types.slice(0, 1), 2)).toBeUndefined();
      expect(await first(types.slice(0, 1))).toBe('c');
      expect(await store.findOne('c')).toMatchObject({ state: 'running', owner: 'me', token: 't', claimedAt: now });
      expect(await store.findOne('c')).not.toHaveProperty('recurringKey');
      expect(await first(types)).toBeUndefined();
    });

    test('what a claim has caught is handed back, whatever it is, and nothing else', async () => {
      await add(aTask({ _id: 'a' }), aTask({ _id: 'b' }), aTask({ _id: 'c' }), aTask({ _id: 'd' }));
      await take(['a', 'b'], 'me', 'lost');
      await take(['c'], 'me', 'other');
      await take(['d'], 'somebody', 'lost');
      await store.handBackClaim('me', 'lost');
      expect(await ids()).toEqual(['a', 'b']);
      expect(await store.findOne('a')).not.toHaveProperty('owner');
      expect(await store.handBackAll('me')).toBe(1);
      expect(await ids()).toEqual(['a', 'b', 'c']);
      expect(await store.handBackAll('me')).toBe(0);
    });

    test('of many claims at once each task goes to one', async () => {
      const all = Array.from({ length: 50 }, (_, index) => aTask({ _id: `t${index}` }));
      await add(...all);
      const claims = Array.from({ length: 5 }, (_, index) =>
        take(
          all.map(({ _id }) => _id),
          'me',
          `token${index}`,
        ),
      );
      const taken = (await Promise.all(claims)).flat().map(({ _id }) => _id);
      expect(taken.sort()).toEqual(all.map(({ _id }) => _id).sort());
    });

    test('a settled task keeps its result and every attempt, and is no longer held', async () => {
      const task = await claimed();
      expect(await settle(task, { result: { sum: 3 }, finishedAt: at(5), expiresAt: at(9 * second) })).toEqual([]);
      const settled = await store.findOne(task._id);
      expect(settled).toMatchObject({ state: 'done', attempt: 1, result: { sum: 3 }, attempts: [anAttempt()] });
      expect(settled).toMatchObject({ finishedAt: at(5), expiresAt: at(9 * second) });
      for (const field of ['owner', 'leaseUntil', 'claimedAt']) expect(settled).not.toHaveProperty(field);
    });

    test('many ends in one call each keep their own values', async () => {
      const all = Array.from({ length: 30 }, (_, index) => aTask({ _id: `t.${index}$` }));
      await add(...all);
      const tasks = await take(all.map(({ _id }) => _id));
      const end = (task: Task, index: number): Settlement => {
        const failed = index % 3 === 0;
        const error = { name: 'E', message: `e${index}` };
        const ending: Transition = failed
          ? { state: 'failed', attempt: 1, dueDate: now, error, finishedAt: at(index) }
          : { state: 'done', attempt: 1, dueDate: now, result: index, finishedAt: at(index) };
        return { task, transition: ending, attempt: { ...anAttempt(), finishedAt: at(index) } };
      };
      expect(await store.settle(tasks.map(end))).toEqual([]);
      for (const [index, { _id }] of tasks.entries()) {
        const settled = await store.findOne(_id);
        expect(settled?.attempts.map(({ finishedAt }) => finishedAt)).toEqual([at(index)]);
        expect(settled).toMatchObject(index % 3 ? { result: index } : { error: { message: `e${index}` } });
      }
    });

    test('ends that are alike are written together, each with a duration of its own kind', async () => {
      const all = Array.from({ length: 240 }, (_, index) => aTask({ _id: `t${index}` }));
      await add(...all);
      const tasks = await take(all.map(({ _id }) => _id));
      const moment = new Date(Math.ceil(now.getTime() / 1_000) * 1_000);
      const end = (task: Task, index: number): Settlement => {
        const finishedAt = new Date(moment.getTime() + (index % 3));
        const attempt = { ...anAttempt(), startedAt: new Date(finishedAt.getTime() - 8 * (index % 2)), finishedAt };
        return { task, transition: { state: 'done', attempt: 1, finishedAt, result: 'ok' }, attempt };
      };
      expect(await store.settle(tasks.map(end))).toEqual([]);
      expect(await store.settle(tasks.map(end))).toEqual([]);
      for (const [index, { _id }] of tasks.entries()) {
        const settled = (await store.findOne(_id)) as Task;
        expect(settled).toMatchObject({ state: 'done', attempt: 1, result: 'ok' });
        const [{ startedAt, finishedAt }, ...others] = settled.attempts as [AttemptRecord];
        expect(others).toEqual([]);
        expect(finishedAt).toEqual(settled.finishedAt);
        expect(finishedAt.getTime() - startedAt.getTime()).toBe(8 * (index % 2));
        expect(finishedAt.getTime() - moment.getTime()).toBeLessThan(3);
      }
    });

    test('a task of whose end nothing is kept is gone, and its id and unique key are free', async () => {
      const task = await claimed({ _id: 'a', uniqueKey: 'k' });
      const gone = { isKept: false, finishedAt: now } as const;
      expect(await settle({ ...task, token: 'old' }, gone)).toEqual(['a']);
      expect(await settle(task, gone)).toEqual([]);
      expect(await store.findOne('a')).toBeUndefined();
      // Who tries again, because the reply was lost, has not lost it; who comes for the first time has.
      expect(await settle(task, gone, { isRetried: true })).toEqual([]);
      expect(await settle(task, gone)).toEqual(['a']);
      expect(await add(aTask({ _id: 'a', uniqueKey: 'k' }))).toEqual([{ kind: 'added', id: 'a' }]);
      expect(await settle(task, gone, { isRetried: true })).toEqual(['a']);
      expect(await ids()).toEqual(['a']);
    });

    test('who lost the lease changes nothing and hears which tasks are lost', async () => {
      const task = await claimed();
      expect(await settle({ ...task, token: 'old' }, {})).toEqual([task._id]);
      expect(await settle({ ...task, owner: 'other' }, {})).toEqual([task._id]);
      await store.handBackClaim('me', 'old');
      await store.setProgress([{ task: { ...task, token: 'old' }, progress: { fraction: 1, at: now } }]);
      expect(await store.renew([{ ...task, token: 'old' }], at(99 * second))).toEqual([task._id]);
      const after = await store.findOne(task._id);
      expect(after).toMatchObject({ state: 'running', owner: 'me', leaseUntil: task.leaseUntil });
      expect(after?.progress).toBeUndefined();
    });

    test('a settle that is written a second time, because its reply was lost, counts as written', async () => {
      const task = await claimed();
      await settle(task, { result: 1 });
      expect(await settle(task, { result: 1 })).toEqual([]);
      expect((await store.findOne(task._id))?.attempts).toHaveLength(1);
    });

    test('a retry waits for its due date and sinks in priority', async () => {
      const task = await claimed({ priority: 5 });
      const error = { name: 'E', message: 'no' };
      await settle(task, { state: 'scheduled', dueDate: at(60 * second), sinks: true, error });
      expect(await store.findOne(task._id)).toMatchObject({ state: 'scheduled', priority: 4, basePriority: 5, error });
      expect(await store.nextScheduled()).toEqual({ id: task._id, date: at(60 * second) });
    });

    test('what was interrupted goes before its equals, what failed by itself behind what it was added before', async () => {
      const { _id: front } = await claimed({ _id: 'front', place: 0 });
      const { _id: crashed } = await claimed({ _id: 'crashed' });
      await claimed({ _id: 'handed back', dueDate: at(-second) });
      await add(aTask({ _id: 'new', place: 0, dueDate: at(-9 * second) }), aTask({ _id: 'high', priority: 2 }));
      for (const _id of [front, crashed])
        await settle({ _id, owner: 'me', token: 'token' }, { state: 'queued', goesFirst: true });
      await store.handBackAll('me');
      expect(await ids()).toEqual(['high', 'front', 'handed back', 'crashed', 'new']);
      await settle((await take(['front']))[0] as Task, { state: 'queued', sinks: true });
      expect(await store.findOne('front')).toMatchObject({ place: 0, priority: 0, attempt: 1 });
      await settle((await take(['crashed']))[0] as Task, { state: 'failed', finishedAt: now });
      await store.retry('crashed', { dueDate: now });
      expect(await store.findOne('crashed')).toMatchObject({ place: 1, priority: 1 });
    });

    test('what nothing else can be done with is set aside, where the claim on it still holds', async () => {
      const task = await claimed();
      const error = { name: 'TaskError', message: 'no' };
      expect(await store.setAside({ ...task, token: 'old' }, 'running', error, now)).toBe(false);
      expect(await store.setAside(task, 'running', error, now)).toBe(true);
      expect(await store.findOne(task._id)).toMatchObject({ state: 'failed', error, finishedAt: now });
      expect(await store.findOne(task._id)).not.toHaveProperty('owner');
    });

    test('a task that goes back untouched has used no attempt', async () => {
      const task = await claimed({ attempt: 1, attempts: [anAttempt()] });
      await store.handBackClaim('me', 'token');
      expect(await store.findOne(task._id)).toMatchObject({ state: 'queued', attempt: 1, attempts: [anAttempt()] });
      expect(await ids()).toEqual([task._id]);
    });

    test('leases are renewed together', async () => {
      const [a, b] = [await claimed(), await claimed()];
      expect(await store.renew([a, b], at(99 * second))).toEqual([]);
      expect((await store.findOne(b._id))?.leaseUntil).toEqual(at(99 * second));
    });

    test('tasks whose lease is over, or whose owner is dead, are found, and ended by somebody else', async () => {
      await add(aTask({ _id: 'over' }), aTask({ _id: 'dead' }), aTask({ _id: 'fine' }));
      const [over] = await take(['over'], 'slow', 't1', at(-1));
      await take(['dead'], 'gone', 't2');
      await take(['fine'], 'me', 't3', at(5 * second));
      const found = await store.expired(now, ['gone'], 10);
      expect(found.map(({ _id }) => _id).sort()).toEqual(['dead', 'over']);
      expect((await store.nextExpiry())?.id).toBe('over');
      await settle(over as Task, { state: 'queued' }, { newToken: 'void' });
      expect(await settle(over as Task, { result: 'late' })).toEqual(['over']);
      expect((await store.findOne('over'))?.state).toBe('queued');
    });

    test('what is due is promoted, soonest first, and the rest stays scheduled', async () => {
      await add(
        aTask({ _id: 'b', state: 'scheduled', dueDate: at(-1) }),
        aTask({ _id: 'a', state: 'scheduled', dueDate: at(-2) }),
        aTask({ _id: 'c', state: 'scheduled', dueDate: at(60 * second) }),
      );
      expect((await store.promote(now, 10)).map(({ _id }) => _id).sort()).toEqual(['a', 'b']);
      expect(await ids()).toEqual(['a', 'b']);
      expect(await store.nextScheduled()).toEqual({ id: 'c', date: at(60 * second) });
      expect(await store.promote(now, 10)).toEqual([]);
    });

    test('a deadline is watched until the task is bumped, then until it is missed', async () => {
      await add(aTask({ _id: 'a', deadline: at(5 * second), deadlineWatch: 'bump' }), aTask({ _id: 'b' }));
      expect(await store.nextDeadline()).toEqual({ id: 'a', date: at(5 * second) });
      expect((await store.nearDeadline(at(9 * second), 10)).map(({ _id }) => _id)).toEqual(['a']);
      expect(await store.bump('a', 10)).toMatchObject({ _id: 'a', priority: 10 });
      expect(await store.findOne('a')).toMatchObject({ priority: 10, basePriority: 1, deadlineWatch: 'miss' });
      expect(await ids()).toEqual(['a', 'b']);
      expect(await store.missDeadline('a')).toMatchObject({ deadlineMissed: true });
      expect(await store.findOne('a')).toMatchObject({ deadlineMissed: true });
      expect(await store.nextDeadline()).toBeUndefined();
      expect(await store.bump('none', 10)).toBeUndefined();
    });

    test('a deadline is watched no more when its task has finished, and again after a retry', async () => {
      const ended = await claimed({ _id: 'a', deadline: at(5 * second), deadlineWatch: 'bump' });
      await settle(ended, { state: 'failed', finishedAt: now });
      await add(aTask({ _id: 'b', state: 'failed', deadline: at(1), deadlineWatch: 'bump' }));
      expect(await store.nextDeadline()).toBeUndefined();
      expect(await store.nearDeadline(at(9 * second), 10)).toEqual([]);
      await store.retry('a', { dueDate: now });
      expect(await store.nextDeadline()).toEqual({ id: 'a', date: at(5 * second) });
    });

    test('a bumped task does not sink when it fails', async () => {
      await add(aTask({ _id: 'a', deadline: at(5 * second), deadlineWatch: 'bump' }));
      await store.bump('a', 10);
      const [task] = await take(['a']);
      await settle(task as Task, { state: 'queued', sinks: true });
      expect((await store.findOne('a'))?.priority).toBe(10);
    });

    test('cancel ends what waits at once, and asks for the end of what runs', async () => {
      const task = await claimed();
      await add(aTask({ _id: 'waits' }), aTask({ _id: 'later', dueDate: at(60 * second) }));
      expect(await store.cancel('waits', now, at(9 * second))).toBe('cancelled');
      expect(await store.cancel('later', now, at(9 * second))).toBe('cancelled');
      expect(await store.findOne('waits')).toMatchObject({ state: 'cancelled', finishedAt: now });
      expect(await ids()).toEqual([]);
      expect(await store.cancel(task._id, now, at(9 * second))).toBe('requested');
      expect(await store.cancelRequested([task._id, 'waits'])).toEqual([task._id]);
      expect(await store.cancel('waits', now, now)).toBeUndefined();
      expect(await store.cancel('none', now, now)).toBeUndefined();
    });

    test('a cancel that comes while a failed run is being written is still obeyed later', async () => {
      const task = await claimed();
      await store.cancel(task._id, now, now);
      await settle(task, { state: 'queued' });
      expect((await take([task._id]))[0]?.cancelRequested).toBe(true);
    });

    test('retry puts a failed task back, attempts afresh, history kept', async () => {
      const task = await claimed({ priority: 5 });
      await settle(task, { state: 'failed', attempt: 3, error: { name: 'E', message: 'no' }, finishedAt: now });
      expect(await store.retry(task._id, { dueDate: at(1) })).toBe('retried');
      const again = await store.findOne(task._id);
      expect(again).toMatchObject({ state: 'queued', attempt: 0, priority: 5, dueDate: at(1) });
      expect(again?.attempts).toHaveLength(1);
      for (const field of ['error', 'finishedAt', 'expiresAt']) expect(again).not.toHaveProperty(field);
      expect(await store.retry(task._id, { dueDate: now })).toBeUndefined();
      expect(await store.retry('none', { dueDate: now })).toBeUndefined();
    });

    test('a retry whose unique key is taken meanwhile is refused', async () => {
      await settle(await claimed({ uniqueKey: 'k' }), { state: 'failed' });
      const [{ _id }] = (await store.find({ uniqueKey: 'k' })) as [Task];
      await add(aTask({ uniqueKey: 'k' }));
      expect(await store.retry(_id, { dueDate: now })).toBe('duplicate');
    });

    test('find and remove take selectors', async () => {
      await add(aTask({ _id: 'a', data: { n: 1 } }), aTask({ _id: 'b', data: { n: 2 } }), aTask({ _id: 'c' }));
      expect((await store.find({ 'data.n': { $in: [1, 2] } })).map(({ _id }) => _id).sort()).toEqual(['a', 'b']);
      expect(await store.remove({ 'data.n': { $gte: 2 } })).toBe(1);
      expect((await ids()).sort()).toEqual(['a', 'c']);
    });

    test('what lives is counted by type and state, up to a limit', async () => {
      await add(
        ...Array.from({ length: 5 }, () => aTask()),
        aTask({ taskType: 'pong', dueDate: at(60 * second) }),
        aTask({ _id: 'old', taskType: 'pong', dueDate: at(-9 * second) }),
      );
      await claimed();
      const counts = await store.countLive(3);
      const of = (taskType: string, state: string) =>
        counts.find(one => one.taskType === taskType && one.state === state);
      expect(of('ping', 'queued')).toMatchObject({ count: 3 });
      expect(of('ping', 'running')).toMatchObject({ count: 1 });
      expect(of('pong', 'scheduled')).toMatchObject({ count: 1 });
      expect(of('pong', 'queued')).toMatchObject({ count: 1, oldest: at(-9 * second) });
    });

    test('types and versions that nobody knows are named', async () => {
      await add(aTask(), aTask({ taskType: 'other' }), aTask({ taskType: 'pong', catalogVersion: 3 }));
      const unknown = (await store.unknownTypes(types)).map(({ taskType, version }) => `${taskType}@${version}`);
      expect(unknown.sort()).toEqual(['other@1', 'pong@3']);
    });
  });
}
