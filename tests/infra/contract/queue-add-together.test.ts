import type { Db } from 'mongodb';
import { connect } from '../../../infra/database';
import type { TaskNotConfirmedError } from '../../../infra/queue/model/errors';
import { brokenDatabase } from '../../support/broken-database';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { gate, TestQueue } from '../../support/queue';
import { TcpProxy } from '../../support/tcp-proxy';

let database: TestDatabase;
let opened: TestQueue;
/** How many tasks each write of the test's queue held. */
let writes: number[];
const queue = () => opened.queue;

beforeEach(async () => {
  database = await testDatabase();
  writes = [];
  opened = await TestQueue.open({ db: watched(database.db) }, database);
});
afterEach(() => opened.close());

/** Notes how many documents each insertMany holds, and lets the test delay or break it. */
function watched(db: Db, broken: (documents: unknown[]) => Promise<unknown> | undefined = () => undefined): Db {
  return brokenDatabase(db, 'insertMany', ([documents]) => {
    writes.push((documents as unknown[]).length);
    return broken(documents as unknown[]);
  });
}

const callers = (count: number) => Array.from({ length: count }, (_, n) => n);
const messagesOf = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap(result => (result.status === 'rejected' ? [(result.reason as Error).message] : []));

test('64 callers at once share one write, and each gets its own id', async () => {
  const adds = callers(64).map(n => queue().addTask({ taskType: 'ping', _id: `t${n}`, data: { n } }));
  expect(await Promise.all(adds)).toEqual(callers(64).map(n => `t${n}`));
  expect(writes).toEqual([64]);
  expect(await queue().find().countAsync()).toBe(64);
  expect(opened.named('task.added')).toHaveLength(64);
});

test('what comes while a write is under way goes into the next one', async () => {
  const held = gate();
  const first = await opened.elsewhere({
    db: watched(database.db, () => (writes.length === 1 ? held.opened : undefined)),
  });
  const adds = [first.queue.addTask({ taskType: 'ping' })];
  await eventually(() => writes.length === 1);
  adds.push(...callers(20).map(() => first.queue.addTask({ taskType: 'ping' })));
  held.open();
  await Promise.all(adds);
  expect(writes).toEqual([1, 20]);
});

test('of 64 callers with a duplicate id, a unique key that is taken, a session and a wrong payload each hears its own', async () => {
  await queue().addTask({ taskType: 'ping', _id: 'taken' });
  await queue().addTask({ taskType: 'ping', _id: 'holder', uniqueKey: 'k' });
  writes.length = 0;
  const session = database.client.startSession();
  const special: Record<number, object> = {
    3: { _id: 'taken' },
    7: { uniqueKey: 'k' },
    11: { _id: 'taken', once: true },
    13: { data: { n: 'x' } },
    17: { _id: 'twin' },
    19: { _id: 'twin' },
    23: { _id: 'shared', session },
  };
  const results = await Promise.allSettled(
    callers(64).map(n => queue().addTask({ taskType: 'ping', data: { n }, ...special[n] } as never)),
  );
  await session.endSession();
  expect(messagesOf(results).sort()).toEqual([
    '_id: "taken" is taken by a task that has not finished yet',
    '_id: "twin" is taken by a task that has not finished yet',
    'ping.data.n: "x" (string) is not of type Number',
    'uniqueKey: "k" is taken by a task that has not finished yet (task "holder")',
  ]);
  expect(results[11]).toMatchObject({ value: 'taken' });
  expect(results[23]).toMatchObject({ value: 'shared' });
  expect(writes[0]).toBe(62);
  // Two were there before; 4 of 64 were refused, and one was there already.
  expect(await queue().find().countAsync()).toBe(2 + 64 - 4 - 1);
});

test('a task that the database refuses is refused to its own caller only', async () => {
  await database.db.command({ collMod: 'taskQueue', validator: { 'data.n': { $ne: 5 } } });
  const results = await Promise.allSettled(callers(30).map(n => queue().addTask({ taskType: 'ping', data: { n } })));
  expect(messagesOf(results)).toEqual(['Document failed validation']);
  expect(results[5]?.status).toBe('rejected');
  expect(await queue().find().countAsync()).toBe(29);
});

test('a task that cannot be sent is refused to its own caller only', async () => {
  const tooLong = 'x'.repeat(16.5 * 1024 * 1024);
  const results = await Promise.allSettled(
    callers(30).map(n => queue().addTask({ taskType: 'ping', ...(n === 5 && { uniqueKey: tooLong }) })),
  );
  expect(messagesOf(results)).toEqual([expect.stringContaining('larger than the 16 MB')]);
  expect(await queue().find().countAsync()).toBe(29);
});

test('a write that does not come back holds up nobody else, and its callers hear of it within their own time', async () => {
  const limited = await connect(database.url, 'patient', { callTimeoutMs: 1_500 });
  let hung = false;
  const hangs = (documents: unknown[]) => {
    if (hung || !(documents as { _id: string }[]).some(({ _id }) => _id === 'unlucky')) return undefined;
    hung = true;
    return new Promise((_, reject) =>
      setTimeout(
        reject,
        1_500,
        new (class MongoNetworkTimeoutError extends Error {
          override name = 'MongoNetworkTimeoutError';
        })('no answer'),
      ),
    );
  };
  const role = await opened.elsewhere({ db: watched(limited.db, hangs) });
  const unlucky = role.queue.addTask({ taskType: 'ping', _id: 'unlucky' }).catch(error => error);
  await eventually(() => hung);
  let heard = false;
  void unlucky.then(() => (heard = true));
  await Promise.all(callers(63).map(() => role.queue.addTask({ taskType: 'ping' })));
  expect(heard).toBe(false);
  const error: TaskNotConfirmedError = await unlucky;
  expect(error).toMatchObject({ name: 'TaskNotConfirmedError', ids: ['unlucky'], added: [] });
  await limited.close();
});

test('where the database goes away in the middle, each caller hears of its own task, and none is lost or there twice', async () => {
  const [address] = database.client.options.hosts;
  const proxy = await TcpProxy.open(address?.host ?? '127.0.0.1', address?.port ?? 27017);
  const through = `mongodb://127.0.0.1:${proxy.port}/${database.db.databaseName}?directConnection=true`;
  const away = await connect(through, 'blip', { serverSelectionTimeoutMS: 300, retryWrites: false });
  const role = await opened.elsewhere({ db: away.db });
  await role.queue.addTask({ taskType: 'ping', _id: 'warm' });
  const confirmed: string[] = [];
  const unsure: string[] = [];
  let stop = false;
  const adding = callers(64).map(async caller => {
    for (let n = 0; !stop; n++) {
      const _id = `${caller}-${n}`;
      await role.queue.addTask({ taskType: 'ping', _id }).then(
        id => confirmed.push(id),
        (error: TaskNotConfirmedError) => {
          expect(error).toMatchObject({ name: 'TaskNotConfirmedError', ids: [_id], added: [] });
          unsure.push(_id);
          stop = true;
        },
      );
    }
  });
  await eventually(() => confirmed.length > 100);
  await proxy.cut();
  await Promise.all(adding);
  expect(unsure.length).toBeGreaterThan(0);
  await proxy.mend();
  // As the error says: with the same _id and once, whatever has become of the first try.
  const again = unsure.map(_id => role.queue.addTask({ taskType: 'ping', _id, once: true }));
  expect((await Promise.all(again)).sort()).toEqual([...unsure].sort());
  const all = (await queue().find().fetchAsync()).map(({ _id }) => _id);
  expect(all.sort()).toEqual(['warm', ...confirmed, ...unsure].sort());
  await away.close();
  await proxy.close();
});
