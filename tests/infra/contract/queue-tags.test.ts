import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';
import { catalogForTests } from '../../support/test-catalog';

let here: TestQueue;

beforeEach(async () => {
  here = await TestQueue.open({ signingKeys: ['a key for the tests of tags and owners'] });
});
afterEach(() => here.close());

const newest = { sort: { createdAt: -1, _id: -1 }, limit: 3 } as const;

test('a task is found by its tags, newest first, by an index that reads no more', async () => {
  const add = (tags?: string[]) => here.queue.addTask({ taskType: 'ping', ...(tags && { tags }) });
  for (let n = 0; n < 20; n++) await add(n % 2 ? ['import', `customer:${n}`] : undefined);
  const last = await add(['import', 'import', 'customer:1']);
  let found: string[] = [];
  const [read] = await readsOf(here.database.db, async () => {
    found = (await here.queue.find({ tags: 'import' }, newest).fetchAsync()).map(({ _id }) => _id);
  });
  expect([found.length, found[0]]).toEqual([3, last]);
  expect(read).toMatchObject({ docsExamined: 3, plan: expect.stringContaining('tags: 1') });
  expect((await here.queue.findOne(last))?.tags).toEqual(['import', 'customer:1']);
  expect(await here.queue.find({ tags: 'customer:1' }).countAsync()).toBe(2);
  expect(await here.queue.findOne(await add())).not.toHaveProperty('tags');
});

test.each([
  ['import', /is not a list of one tag or more/],
  [[], /is not a list of one tag or more/],
  [[''], /is not a text of one character/],
  [[7], /is not a text of one character/],
  [['x'.repeat(65)], /more than 64 characters/],
  [Array.from({ length: 11 }, (_, n) => `${n}`), /more than 10 tags/],
])('tags: %j are refused', async (tags, why) => {
  await expect(here.queue.addTask({ taskType: 'ping', tags: tags as never })).rejects.toThrow(why);
});

test('a replay has the tags of its origin; tags that somebody has written into a task make it a forgery', async () => {
  await here.role({ ping: () => 1 });
  const id = await here.queue.addTask({ taskType: 'ping', tags: ['import'] });
  await here.becomes(id, 'done');
  expect((await here.queue.findOne(await here.queue.replay(id)))?.tags).toEqual(['import']);
  const forged = await here.queue.addTask({ taskType: 'ping', dueDate: new Date(Date.now() + 3_600_000) });
  await here.queue.core.store.collection.updateOne({ _id: forged }, { $set: { tags: ['vip'], state: 'queued' } });
  await here.becomes(forged, 'rejected');
  await expect(here.queue.update(id, { $set: { tags: ['a'] } } as never)).rejects.toThrow("tags is the queue's own");
});

test('where the app says whose a task is, the tasks of an owner are found by an index', async () => {
  expect(() => here.queue.ofOwner('ada')).toThrow('give ownerField to defineApp');
  await here.queue.ensureOwnerIndex();
  here.queue.declare(catalogForTests, {}, {}, 'customer');
  await here.queue.ensureOwnerIndex();
  for (let n = 0; n < 12; n++)
    await here.queue.addTask({ taskType: 'turns', data: { customer: n % 2 ? 'ada' : 'bob' } });
  let found: unknown[] = [];
  const [read] = await readsOf(here.database.db, async () => {
    found = await here.queue.find(here.queue.ofOwner('ada'), newest).fetchAsync();
  });
  expect(found.map(task => (task as { data: object }).data)).toEqual(Array(3).fill({ customer: 'ada' }));
  expect(read).toMatchObject({ docsExamined: 3, plan: expect.stringContaining('data.customer: 1') });
  expect(() => here.queue.ofOwner({ $ne: 'ada' } as never)).toThrow(TypeError);
});
