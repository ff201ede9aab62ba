import { LocalJobs } from '../../../infra/link/jobs';
import { TaskQueue } from '../../../infra/queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { MemoryRuns } from '../../../infra/roles/memory-runs';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { gate } from '../../support/queue';
import { catalogForTests } from '../../support/test-catalog';

const runs = new MemoryRuns();
const begun: string[] = [];
let { open, opened } = gate();
let database: TestDatabase;
let dispatcher: Dispatcher;

beforeAll(async () => {
  database = await testDatabase();
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  TaskQueue.declare(catalogForTests as never, {});
  await TaskQueue.connect({ db: database.db, sender });
  const sitemap = async ({ _id, data }: { _id: string; data: unknown }) => {
    begun.push(_id);
    await opened;
    return (data as { page: string }).page;
  };
  const executor = new InProcessExecutor({ handlers: { sitemap }, slots: 2 });
  dispatcher = new Dispatcher({ queue: TaskQueue, executor, settings: { refreshRate: 100 } });
  await dispatcher.start();
  await runs.start();
});
afterAll(async () => {
  await runs.stop();
  await dispatcher.stop(0);
  await database.drop();
});

/** Both roles in one process: no link, and the same runs. */
const jobs = new LocalJobs({ runInMemory: runs.run } as never);
const run = (page: string) => jobs.run('sitemap' as never, { site: 'a', page } as never, { timeout: 8_000 });

test('whoever waits for the result of a type with unique gets that of their own request, and so does the next', async () => {
  const both = Promise.all([run('1'), run('2')]);
  await eventually(() => begun.length === 2);
  open();
  expect(await both).toEqual(['1', '2']);
  expect(await run('3')).toBe('3');
  expect(new Set(begun).size).toBe(3);
});

test('who gives a run no time, or days, is refused without a link as over one', async () => {
  for (const timeout of [0, 86_400_000]) {
    const refused = jobs.run('sitemap' as never, { site: 'a', page: '4' } as never, { timeout });
    await expect(refused).rejects.toMatchObject({ name: 'LinkError', code: 'refused' });
  }
});

test('in a role that drains, runs that have not begun end at once, so that another role runs them; the others go on', async () => {
  ({ open, opened } = gate());
  begun.length = 0;
  const first = Promise.all([run('1'), run('2')]);
  await eventually(() => begun.length === 2);
  const third = run('3').catch(error => error);
  await eventually(() => TaskQueue.core.memory.live().some(({ state }) => state === 'queued'));
  runs.leave();
  expect(await third).toMatchObject({ name: 'LinkError', code: 'down', message: 'this jobs role is draining' });
  open();
  expect(await first).toEqual(['1', '2']);
  expect(begun).toHaveLength(2);
});
