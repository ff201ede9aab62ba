import type { Outcome } from '../../../infra/queue/model/executor';
import { buildFaultWorker, FaultPool, faultTask } from '../../support/fault-task-pool';

let file: string;
let pool: FaultPool;

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});
beforeEach(async () => {
  pool = await new FaultPool({ file, maxWorkers: 1 }).start();
});
afterEach(() => pool?.pool.stop(1_000));

type Type = Parameters<FaultPool['run']>[0];
const outcomeOf = async (taskType: Type, data = {}): Promise<Outcome['kind']> =>
  (await pool.run(taskType, data)).outcome.kind;
const recycled = () => pool.saidOf('worker.recycled').map(({ why }) => why);

describe('a worker in which a handler has broken a global', () => {
  test.each([
    ['JSON.parse', 'parse'],
    ['Array.prototype.map', 'sum'],
  ] as [string, Type][])('is replaced after the first task that fails of it: %s', async (what, victim) => {
    expect(await outcomeOf('breakGlobal', { what })).toBe('done');
    expect(await outcomeOf(victim)).toBe('failed');
    expect(await outcomeOf(victim)).toBe('done');
    expect(recycled()).toEqual([`${victim} failed, and a handler has replaced ${what}`]);
  });

  test('gives back what it has not begun, and that loses no attempt', async () => {
    // Short tasks are sent ahead into a worker: those behind the failing one are in there already.
    for (let n = 0; n < 20; n += 1) await pool.run('parse');
    const tasks = [
      faultTask('breakGlobal', { what: 'JSON.parse' }),
      ...Array.from({ length: 20 }, () => faultTask('parse')),
    ];
    pool.pool.execute(tasks);
    const kinds = await Promise.all(tasks.map(async task => (await pool.reportOf(task)).outcome.kind));
    expect(kinds.filter(kind => kind === 'failed')).toHaveLength(1);
    expect(kinds.filter(kind => kind === 'done')).toHaveLength(20);
  });

  test('costs each honest task one of its attempts at most, however many of its tasks break it', async () => {
    const lost = new Map<Type, number>();
    for (let round = 0; round < 3; round += 1) {
      await outcomeOf('breakGlobal', { what: 'JSON.parse' });
      for (const victim of ['parse', 'parseToo'] as const) {
        while ((await outcomeOf(victim)) !== 'done') lost.set(victim, (lost.get(victim) ?? 0) + 1);
      }
    }
    expect([...lost]).toEqual([['parse', 3]]);
  });
});

test('a worker is replaced in which tasks of different types fail in a row, whatever it is that is broken', async () => {
  await outcomeOf('closeClient');
  expect(await outcomeOf('useClient')).toBe('failed');
  expect(await outcomeOf('useClient')).toBe('failed');
  expect(recycled()).toEqual([]);
  expect(await outcomeOf('useClientToo')).toBe('failed');
  expect(recycled()).toEqual(['tasks of different types failed in it in a row: useClient, useClientToo']);
  expect(await outcomeOf('useClient')).toBe('done');
  expect(await outcomeOf('useClientToo')).toBe('done');
});

test('failures between which another task succeeds, and those that are final, say nothing of the worker', async () => {
  const before = pool.pids();
  await outcomeOf('throwError', { message: 'no luck' });
  await outcomeOf('noop');
  await outcomeOf('throwOther', { what: 'text' });
  await outcomeOf('throwFatal', { message: 'never' });
  await outcomeOf('giveBack', { what: 'function' });
  expect(recycled()).toEqual([]);
  expect(pool.pids()).toEqual(before);
});
