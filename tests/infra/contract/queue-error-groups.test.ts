import { type ErrorGroup, errorCollectionName } from '../../../infra/queue/store/error-groups';
import { eventually } from '../../support/eventually';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';
import { aTask } from '../../support/tasks';

let here: TestQueue;
/** Another deploy on the same database. */
let mended: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open({ commit: 'a1' });
  mended = await here.elsewhere({ commit: '$b.2' });
  await here.queue.core.errorGroups.ensureIndexes();
});
afterEach(() => here.close());

/** Not long ago: groups that nobody has seen for months go within a minute, in the middle of a test. */
const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
const start = today + 12 * 3_600_000;
const minutes = (count: number) => new Date(start + count * 60_000);

async function occurs(of: TestQueue, at: Date, fingerprint = 'f', taskType = 'ping', times = 1): Promise<void> {
  const error = { name: 'Error', message: '$oops', stack: 'Error: $oops\n    at x', fingerprint };
  const failures = Array.from({ length: times }, (_, n) => ({ task: aTask({ _id: `t${n}`, taskType }), error }));
  await of.queue.core.errorGroups.record(failures, at);
}

const read = async (fingerprint = 'f') => (await here.queue.errors.read(fingerprint)) as ErrorGroup;
const told = (of: TestQueue) => of.named('task.errorCameBack').length;

test('a group knows its commits, its hours and its newest occurrence', async () => {
  await occurs(here, minutes(0), 'f', 'ping', 3);
  await occurs(here, minutes(59));
  await occurs(mended, minutes(61));
  await occurs(here, minutes(62));
  expect(await read()).toEqual({
    _id: 'f',
    state: 'open',
    taskType: 'ping',
    name: 'Error',
    message: '$oops',
    stack: 'Error: $oops\n    at x',
    taskId: 't0',
    count: 6,
    firstAt: minutes(0),
    lastAt: minutes(62),
    commits: [
      { commit: '$b.2', count: 1, firstAt: minutes(61), lastAt: minutes(61) },
      { commit: 'a1', count: 5, firstAt: minutes(0), lastAt: minutes(62) },
    ],
    hours: [
      { at: minutes(0), count: 4 },
      { at: minutes(60), count: 2 },
    ],
    days: [{ at: new Date(today), count: 6 }],
  });
});

test('a group does not grow without end', async () => {
  for (let hour = 0; hour < 30; hour++) await occurs(here, minutes(60 * hour));
  for (let deploy = 0; deploy < 25; deploy++)
    await occurs(await here.elsewhere({ commit: `c${deploy}` }), minutes(1_800));
  const { hours, days, commits, count } = await read();
  expect([hours.length, days.length, commits.length, count]).toEqual([24, 2, 20, 55]);
  expect(commits.at(-1)?.commit).toBe('c24');
});

test('many at once lose no occurrence', async () => {
  const all = Array.from({ length: 40 }, (_, n) => occurs(n % 2 ? here : mended, minutes(n), 'f', 'ping', 2));
  await Promise.all(all);
  const { count, commits } = await read();
  expect(count).toBe(80);
  expect(commits.map(one => one.count)).toEqual([40, 40]);
});

test('what is resolved stays so while old processes still run, and comes back in another commit', async () => {
  await occurs(here, minutes(0));
  expect(await here.queue.errors.resolve('f', { by: 'Ada' })).toBe(true);
  await occurs(here, minutes(1));
  expect(await read()).toMatchObject({ state: 'resolved', changedBy: 'Ada', count: 2, seenBefore: ['a1'] });
  expect(await read()).not.toHaveProperty('resolvedIn');
  await occurs(mended, minutes(2));
  await occurs(mended, minutes(3));
  expect(await read()).toMatchObject({ state: 'cameBack', cameBackAt: minutes(2), cameBackIn: '$b.2', count: 4 });
  expect([told(here), told(mended)]).toEqual([0, 1]);
  await here.queue.errors.reopen('f');
  const reopened = await read();
  expect(reopened.state).toBe('open');
  for (const field of ['cameBackAt', 'cameBackIn', 'seenBefore', 'resolvedIn', 'changedBy'])
    expect(reopened).not.toHaveProperty(field);
});

test('a commit that is named as free of it is not, as soon as it fails there', async () => {
  await occurs(here, minutes(0));
  await occurs(mended, minutes(0));
  await here.queue.errors.resolve('f', { commit: '$b.2' });
  await occurs(here, minutes(1));
  expect(await read()).toMatchObject({ state: 'resolved', resolvedIn: '$b.2' });
  await occurs(mended, minutes(2));
  expect(await read()).toMatchObject({ state: 'cameBack', resolvedIn: '$b.2' });
  expect(mended.named('task.errorCameBack')[0]?.fields).toMatchObject({ commit: '$b.2', resolvedIn: '$b.2' });
});

test('resolved in a deploy that has not seen it, it is resolved in that one', async () => {
  await occurs(here, minutes(0));
  await mended.queue.errors.resolve('f');
  expect(await read()).toMatchObject({ state: 'resolved', resolvedIn: '$b.2', seenBefore: ['a1'] });
});

test('what is muted is counted, and nobody is told', async () => {
  await occurs(here, minutes(0));
  await here.queue.errors.mute('f', { by: '$Ada' });
  await occurs(mended, minutes(1), 'f', 'ping', 20);
  expect(await read()).toMatchObject({ state: 'muted', count: 21, changedBy: '$Ada' });
  expect([...here.named('task.errorGroup'), ...mended.named('task.errorGroup')]).toHaveLength(1);
});

test('there is nothing to change of what is not there', async () => {
  const { errors } = here.queue;
  expect(await errors.resolve('g')).toBe(false);
  expect(await errors.mute('g')).toBe(false);
  expect(await errors.reopen('g')).toBe(false);
  expect(await errors.read('g')).toBeUndefined();
  await expect(errors.mute({ $ne: 'x' } as never)).rejects.toThrow(TypeError);
  await expect(errors.list({ limit: 201 })).rejects.toThrow('limit: 201');
  await expect(errors.list({ states: ['gone' as never] })).rejects.toThrow('states: "gone"');
});

test('lists come page by page, read no more than they show, and leave nothing out', async () => {
  for (let n = 0; n < 30; n++) await occurs(here, minutes(n % 15), `f${n}`, n % 2 ? 'ping' : 'flaky');
  await here.queue.errors.mute('f0');
  await here.queue.errors.resolve('f1');
  const seen: string[] = [];
  let after: { lastAt: Date; _id: string } | undefined;
  const reads = await readsOf(here.database.db, async () => {
    do {
      const page = await here.queue.errors.list({ limit: 10, ...(after && { after }) });
      seen.push(...page.groups.map(({ _id }) => _id));
      after = page.next;
    } while (after);
  });
  expect(seen).toHaveLength(28);
  expect(new Set(seen).size).toBe(28);
  for (const { docsExamined, plan } of reads) {
    // One tells that there are more, one is of the moment with which the page before has ended, one is ahead of a merge.
    expect(docsExamined).toBeLessThanOrEqual(13);
    expect(plan).toContain('IXSCAN');
  }
  const [ofType] = await readsOf(here.database.db, () => here.queue.errors.list({ taskType: 'ping', limit: 5 }));
  expect(ofType?.docsExamined).toBeLessThanOrEqual(6);
  const { groups } = await here.queue.errors.list({ states: ['muted'] });
  expect(groups.map(({ _id }) => _id)).toEqual(['f0']);
  expect(groups[0]).not.toHaveProperty('stack');
});

test('the failed tasks of a group are found by its index', async () => {
  await here.role({
    strict: () => {
      throw new Error('always the same');
    },
  });
  await here.queue.addTasks([1, 2].map(rows => ({ taskType: 'strict' as const, data: { rows } })));
  await eventually(async () => (await here.queue.find({ state: 'failed' }).countAsync()) === 2);
  await eventually(async () => (await here.queue.errors.list()).groups[0]?.count === 2);
  const [group] = (await here.queue.errors.list()).groups;
  const selector = { state: 'failed' as const, 'error.fingerprint': group!._id };
  const options = { sort: { finishedAt: -1, _id: -1 } as const, limit: 2 };
  let found: unknown[] = [];
  // The role goes on looking for work beside it.
  const reads = await readsOf(here.database.db, async () => {
    found = await here.queue.find(selector, options).fetchAsync();
  });
  expect(found).toHaveLength(2);
  expect(reads).toContainEqual(
    expect.objectContaining({ docsExamined: 2, plan: expect.stringContaining('error.fingerprint') }),
  );
});

test('a group is forgotten 90 days after its last occurrence', async () => {
  const indexes = await here.database.db.collection(errorCollectionName).indexes();
  expect(indexes.find(({ name }) => name === 'retention')).toMatchObject({
    key: { lastAt: 1 },
    expireAfterSeconds: 7_776_000,
  });
});
