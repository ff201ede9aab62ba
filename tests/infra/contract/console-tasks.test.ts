import { parseFilter } from '../../../infra/console/task-filter';
import { listTasks, questionOf } from '../../../infra/console/views/tasks';
import type { AnyQueue } from '../../../infra/console/views/view';
import { newTaskId } from '../../../infra/queue/model/ids';
import type { Task, TaskState } from '../../../infra/queue/model/task';
import { TestQueue } from '../../support/queue';
import { readsOf } from '../../support/reads';

let test_: TestQueue;
let queue: AnyQueue;
const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

/** Tasks as they are in the database, some of which have the same moment. */
async function fill(): Promise<void> {
  const types = Object.keys(test_.queue.catalog).slice(0, 2) as [string, string];
  const states: TaskState[] = ['failed', 'done', 'queued', 'scheduled', 'waiting', 'running', 'cancelled', 'rejected'];
  const now = Date.now();
  const tasks = states.flatMap(state =>
    Array.from({ length: 240 }, (_, n) => {
      const at = new Date(now - 5_000_000 + Math.floor(n / 3) * 1_000);
      const ended = ['failed', 'done', 'cancelled', 'rejected'].includes(state);
      const kept = (state === 'done' ? 7 : 30) * day;
      return {
        _id: newTaskId(),
        taskType: types[n % 2],
        catalogVersion: 1,
        state,
        data: {},
        priority: n % 3,
        place: 1,
        createdAt: new Date(start + n),
        dueDate: at,
        attempt: 1,
        attempts: [],
        ...(ended && { finishedAt: at, expiresAt: new Date(at.getTime() + kept) }),
        ...(state === 'failed' && {
          error: { name: 'Error', message: `no ${n % 4}`, fingerprint: `print${n % 4}` },
        }),
        ...(state === 'waiting' && { waitsFor: n % 2 ? 'slot' : 'rate' }),
        ...(state === 'running' && { leaseUntil: new Date(now + n), claimedAt: at }),
        ...(n % 40 === 0 && { tags: ['rare'], uniqueKey: `${state}${n}` }),
      };
    }),
  );
  await test_.queue.core.store.collection.insertMany(tasks as unknown as Task[]);
  const groups = [0, 1, 2, 3].map(n => ({ _id: `print${n}`, name: 'Error', message: `no ${n}`, lastAt: new Date() }));
  await test_.database.db.collection('taskErrors').insertMany(groups as never[]);
}

beforeAll(async () => {
  test_ = await TestQueue.open();
  queue = test_.queue as unknown as AnyQueue;
  await fill();
});
afterAll(() => test_.close());

async function all(text: string): Promise<Awaited<ReturnType<typeof listTasks>>['rows']> {
  const rows = [];
  let after: string | undefined;
  do {
    const page = await listTasks(queue, { filter: parseFilter(text), limit: 50, ...(after && { after }) });
    rows.push(...page.rows);
    after = page.next;
  } while (after);
  return rows;
}

test.each([
  ['state:failed', 240, 3],
  ['state:cancelled', 240, 3],
  ['state:rejected type:TYPE', 120, 3],
  ['state:done', 240, 3],
  ['state:queued', 240, 1],
  ['state:queued type:TYPE', 120, 1],
  ['state:scheduled', 240, 3],
  ['state:waiting', 240, 1],
  ['state:running', 240, 240],
  ['error:"no 1"', 60, 3],
  ['tag:rare', 48, 3],
  ['tag:rare state:failed', 6, 240],
  ['key:failed40', 0, 3],
  ['key:queued40', 1, 3],
])(
  '"%s" finds each of its %d tasks once, page by page, and reads little more than it shows',
  async (text, count, spare) => {
    const asked = text.replace('TYPE', Object.keys(test_.queue.catalog)[0] as string);
    const rows: string[] = [];
    const reads = await readsOf(test_.database.db, async () => {
      for (const { _id } of await all(asked)) rows.push(_id);
    });
    expect(new Set(rows).size).toBe(count);
    expect(rows).toHaveLength(count);
    const ofTasks = reads.filter(({ collection }) => collection === test_.queue.core.store.collection.collectionName);
    for (const { docsExamined, returned, plan } of ofTasks) {
      expect(plan).toMatch(/^IXSCAN/);
      expect(docsExamined).toBeLessThanOrEqual(returned + spare + 1);
    }
  },
);

test('a task is found by its id and by what its id begins with', async () => {
  const [first] = await all('state:queued');
  const id = first?._id as string;
  expect((await all(`id:${id}`)).map(({ _id }) => _id)).toEqual([id]);
  expect((await all(id)).map(({ _id }) => _id)).toEqual([id]);
  expect((await all(`id:${id.slice(0, 13)}`)).map(({ _id }) => _id)).toContain(id);
});

test('all that match are the same tasks for work on them as in the list', async () => {
  for (const text of ['state:failed since:2h', 'error:"no 1"', 'tag:rare state:done', 'state:queued']) {
    const { filter } = await questionOf(queue, parseFilter(text));
    const ids = await test_.queue.core.store.collection
      .find(filter)
      .map(({ _id }) => _id)
      .toArray();
    expect(ids.sort()).toEqual((await all(text)).map(({ _id }) => _id).sort());
  }
});
