import { type Collection, MongoClient } from 'mongodb';
import { ensureIndexes } from '../../../infra/queue/store/indexes';
import { aTask } from '../../../tests/support/tasks';
import type { BenchTask, Heard, OpenPeer, Peer } from '../peer';

/** No queue at all: the same documents and indexes, claimed and removed by 500 with the driver alone. What MongoDB allows. */
export const mongodbDriver: Peer = {
  name: 'the MongoDB driver alone, claims and removes by 500',
  packages: {},
  server: 'mongodb',
  durability: 'majority, journalled',
  keeps: 'nothing',
  only: ['batched'],
  open: ({ url }) => openDriver(url),
};

async function openDriver(url: string): Promise<OpenPeer> {
  const client = await new MongoClient(url).connect();
  const db = client.db(`bench_driver_${process.pid}`);
  const tasks = db.collection('taskQueue');
  await ensureIndexes(tasks as never);
  let running = true;
  let loop: Promise<void> | undefined;
  const documents = (many: BenchTask[]) => many.map(data => aTask({ taskType: 'noop', data })) as never[];
  return {
    addMany: many => tasks.insertMany(documents(many), { ordered: false }),
    addOne: one => tasks.insertMany(documents([one])),
    work: async heard => {
      loop = runAll(tasks, heard, () => running);
    },
    close: async () => {
      running = false;
      await loop;
      await db.dropDatabase();
      await client.close();
    },
  };
}

async function runAll(tasks: Collection, heard: Heard, isRunning: () => boolean): Promise<void> {
  const sort = { priority: -1, place: 1, dueDate: 1, _id: 1 } as const;
  const queued = { state: 'queued', taskType: 'noop', catalogVersion: 1 };
  for (let round = 0; isRunning(); round++) {
    const head = await tasks.find(queued).sort(sort).limit(500).hint('claim').toArray();
    const ids = head.map(({ _id }) => _id);
    const token = `t${round}`;
    const claim = { state: 'running', token, owner: 'bench', leaseUntil: new Date(), claimedAt: new Date() };
    const mine = { _id: { $in: ids }, state: 'queued' };
    if (ids.length > 0) await tasks.updateMany(mine, { $set: claim }, { writeConcern: { w: 1 } });
    for (const { data } of head) heard.started(data);
    if (ids.length > 0) await tasks.deleteMany({ _id: { $in: ids }, state: 'running', token });
    for (const { data } of head) heard.done(data);
  }
}

/** What a MongoDB server has been asked for so far, the driver's own questions included. */
export async function operationsOf(client: MongoClient): Promise<number> {
  const { opcounters } = await client.db('admin').command({ serverStatus: 1 });
  return Object.values(opcounters as Record<string, unknown>).reduce<number>(
    (sum, count) => sum + Number(count || 0),
    0,
  );
}
