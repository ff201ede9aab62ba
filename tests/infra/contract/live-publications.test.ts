import type { Collection, Document } from 'mongodb';
import { Long, ObjectId } from 'mongodb';
import { eventually } from '../../support/eventually';
import { readsOf } from '../../support/reads';
import { runningApp } from './ddp-truth/running-app';
import { Talk } from './ddp-truth/talk';

const running = runningApp('more');
let talk: Talk;
/** A writer that the host knows nothing of. */
let notes: Collection<Document & { _id: string }>;

beforeAll(() => {
  notes = running.database.db.collection('more.notes');
});
beforeEach(async () => {
  await notes.deleteMany({});
  talk = await running.connect();
});
afterEach(() => talk.close());

const held = (client = talk) => client.documents('more.notes');
const ids = (client = talk) => Object.keys(held(client)).sort();
const live = async () => (await talk.call('more.live')).result as { queries: number; collections: number };

describe('writes by another program', () => {
  test('show: what is new, what has changed, what is gone, what matches no more', async () => {
    await talk.subscribe('more.notes', { kind: 'mine' });
    await notes.insertMany([
      { _id: 'a', kind: 'mine', n: 1, x: { y: 1 } },
      { _id: 'b', kind: 'mine' },
      { _id: 'c', kind: 'other' },
    ]);
    await eventually(() => ids().join() === 'a,b');
    await notes.updateOne({ _id: 'a' }, { $set: { 'x.y': 2 }, $unset: { n: 1 } });
    await eventually(() => JSON.stringify(held().a) === JSON.stringify({ kind: 'mine', x: { y: 2 } }));
    await notes.updateOne({ _id: 'c' }, { $set: { kind: 'mine' } });
    await notes.updateOne({ _id: 'b' }, { $set: { kind: 'other' } });
    await notes.deleteOne({ _id: 'a' });
    await eventually(() => ids().join() === 'c');
  });

  test('show in every process', async () => {
    const second = await running.app.start({ mongoUrl: running.database.url });
    const other = await Talk.connected(second.webSocket);
    await Promise.all([talk, other].map(client => client.subscribe('more.notes', {})));
    await other.call('more.note', { _id: 'from the second' });
    await eventually(() => ids().join() === 'from the second');
    await notes.insertOne({ _id: 'from elsewhere' });
    await eventually(() => ids().length === 2 && ids(other).length === 2);
    await second.stop();
  });

  test('show where documents have ids of the database', async () => {
    const raw = running.database.db.collection('more.notes');
    await talk.subscribe('more.notes', {});
    const _id = new ObjectId();
    await raw.insertOne({ _id, n: 1 });
    await eventually(() => held()[_id.toHexString()]?.n === 1);
    await raw.deleteOne({ _id });
    await eventually(() => ids().length === 0);
  });

  test('keep the bounds of a sorted query', async () => {
    await notes.insertMany([1, 2, 3, 4, 5].map(n => ({ _id: `n${n}`, n })));
    await talk.subscribe('more.query', {}, { sort: { n: -1 }, skip: 1, limit: 2 });
    expect(ids()).toEqual(['n3', 'n4']);
    await notes.insertOne({ _id: 'n9', n: 9 });
    await eventually(() => ids().join() === 'n4,n5');
    await notes.deleteMany({ n: { $gte: 5 } });
    await eventually(() => ids().join() === 'n2,n3');
  });

  test('are read by the queries that may find them alone, where each visitor has one for what is theirs', async () => {
    const owners = Array.from({ length: 20 }, (_, n) => `visitor ${n}`);
    const clients = await Promise.all(owners.map(() => running.connect()));
    const newest = { sort: { n: -1 }, limit: 3 };
    await Promise.all(clients.map((client, n) => client.subscribe('more.query', { 'by.owner': owners[n] }, newest)));
    const reads = await readsOf(running.database.db, async () => {
      await notes.insertOne({ _id: 'theirs', by: { owner: 'visitor 7' }, n: 1 });
      await eventually(() => ids(clients[7]).join() === 'theirs');
    });
    // Whose it is, and the one query; once more where the insert and its read met.
    expect(reads.filter(({ collection }) => collection === 'more.notes').length).toBeLessThan(6);
    expect(ids(clients[8])).toEqual([]);
    for (const client of clients) client.close();
  });

  test('show in the query that a document comes to, and no more in the one that it leaves, and in both by a list', async () => {
    const other = await running.connect();
    await talk.subscribe('more.query', { owner: 'a', kind: { $ne: 'gone' } }, { limit: 5 });
    await other.subscribe('more.notes', { $and: [{ owner: 'b' }, { owner: { $exists: true } }] });
    await notes.insertOne({ _id: 'x', owner: 'a' });
    await eventually(() => ids().join() === 'x' && ids(other).length === 0);
    await notes.updateOne({ _id: 'x' }, { $set: { owner: 'b' } });
    await eventually(() => ids().length === 0 && ids(other).join() === 'x');
    await notes.updateOne({ _id: 'x' }, { $set: { owner: ['a', 'b'] } });
    await eventually(() => ids().join() === 'x' && ids(other).join() === 'x');
    await notes.deleteOne({ _id: 'x' });
    await eventually(() => ids().length === 0 && ids(other).length === 0);
    other.close();
  });

  test('leave what is subscribed by id alone', async () => {
    await notes.insertMany([{ _id: 'own', n: 0 }, { _id: 'other' }]);
    await talk.subscribe('more.notes', { _id: 'own' });
    await notes.updateOne({ _id: 'other' }, { $set: { n: 1 } });
    await notes.updateOne({ _id: 'own' }, { $set: { n: 1 } });
    await eventually(() => held().own?.n === 1);
    expect(ids()).toEqual(['own']);
  });
});

describe('many writes at once', () => {
  test('end with what the database holds, for each query', async () => {
    const queries: [object, object][] = [
      [{}, {}],
      [{ even: true }, { fields: { even: 1 } }],
      [{ n: { $lt: 20 } }, { sort: { n: 1 } }],
      [{}, { sort: { n: -1, _id: 1 }, limit: 5 }],
      [{ even: true }, { sort: { n: -1, _id: 1 }, limit: 4 }],
      [
        {},
        {
          sort: [
            ['n', 'desc'],
            ['_id', 'asc'],
          ],
          skip: 3,
          limit: 5,
        },
      ],
    ];
    const clients = await Promise.all(queries.map(() => running.connect()));
    await Promise.all(clients.map((client, i) => client.subscribe('more.query', ...queries[i]!)));
    await Promise.all([1, 2, 3, 4].map(seed => writeAtRandom(seed)));
    for (const [i, [selector, { fields, ...options }]] of (queries as [object, { fields?: object }][]).entries()) {
      const wanted = async () => await notes.find(selector, { ...options, projection: fields }).toArray();
      const withIds = () => Object.entries(held(clients[i])).map(([_id, note]) => ({ _id, ...note }));
      await eventually(async () => sameDocuments(await wanted(), withIds()));
      clients[i]!.close();
    }
  });
});

/** Inserts, changes and removals in an order that looks like none, and is the same each time. */
async function writeAtRandom(seed: number): Promise<void> {
  let state = seed;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
  for (let i = 0; i < 150; i++) {
    const _id = `r${next(60)}`;
    const n = next(40);
    if (next(4) === 0) await notes.deleteOne({ _id });
    else await notes.updateOne({ _id }, { $set: { n, even: n % 2 === 0 } }, { upsert: true }).catch(ignoreDuplicate);
  }
}

/** Two upserts of one id can collide. */
function ignoreDuplicate(error: { code?: number }): void {
  if (error.code !== 11000) throw error;
}

function sameDocuments(a: Document[], b: Document[]): boolean {
  const normal = (list: Document[]) => list.map(document => JSON.stringify(Object.entries(document).sort())).sort();
  return JSON.stringify(normal(a)) === JSON.stringify(normal(b));
}

/** Change streams that the database holds open for us. */
const cursorsOnNotes = async () => {
  const operations = await running.database.client
    .db('admin')
    .aggregate([
      { $currentOp: { idleCursors: true, allUsers: true } },
      {
        $match: {
          'cursor.originatingCommand.aggregate': 'more.notes',
          ns: `${running.database.db.databaseName}.more.notes`,
        },
      },
    ])
    .toArray();
  return operations.map(({ cursor }) => String(cursor.cursorId));
};

describe('live queries', () => {
  test('are shared by equal cursors, and end with their last subscription', async () => {
    await eventually(async () => (await live()).queries === 0);
    const clients = await Promise.all(Array.from({ length: 20 }, () => running.connect()));
    await Promise.all(clients.map(client => client.subscribe('more.notes', { kind: 'shared' })));
    expect(await live()).toEqual({ queries: 1, collections: 1 });
    await notes.insertOne({ _id: 's', kind: 'shared' });
    for (const client of clients) await eventually(() => ids(client).join() === 's');
    for (const client of clients) client.close();
    await eventually(async () => (await live()).queries === 0);
    expect(await live()).toEqual({ queries: 0, collections: 0 });
  });

  test('leave nothing behind, however they end', async () => {
    // Those of a process that was killed stay until the database finds out.
    const ofOthers = await cursorsOnNotes();
    const churn = async (round: number) => {
      const client = await running.connect();
      for (let i = 0; i < 10; i++)
        client.say({ msg: 'sub', id: `c${i}`, name: 'more.notes', params: [{ kind: `k${round}-${i}` }] });
      for (let i = 0; i < 5; i++) client.say({ msg: 'unsub', id: `c${i}` });
      if (round % 2) await client.call('truth.become', `user ${round}`);
      client.close();
    };
    for (let round = 0; round < 10; round++) await Promise.all([1, 2, 3, 4].map(n => churn(round * 4 + n)));
    await eventually(async () => (await live()).queries === 0);
    await eventually(async () => ((await talk.call('more.sessions')).result as number) === 1);
    await eventually(async () => (await cursorsOnNotes()).every(cursor => ofOthers.includes(cursor)));
  });
});

describe('a change stream that breaks', () => {
  test('goes on where it was, when the database has lost its cursor', async () => {
    await talk.subscribe('more.notes', {});
    await eventually(async () => (await cursorsOnNotes()).length > 0);
    const cursors = (await cursorsOnNotes()).map(id => Long.fromString(id));
    await running.database.db.command({ killCursors: 'more.notes', cursors });
    await notes.insertOne({ _id: 'after the kill' });
    await eventually(() => ids().join() === 'after the kill');
  });

  test('starts afresh when its collection is dropped, and when that is there again', async () => {
    await notes.insertOne({ _id: 'before the drop' });
    await talk.subscribe('more.notes', {});
    await notes.drop();
    await eventually(() => ids().length === 0);
    await notes.insertOne({ _id: 'after the drop' });
    await eventually(() => ids().join() === 'after the drop');
    await notes.updateOne({ _id: 'after the drop' }, { $set: { n: 1 } });
    await eventually(() => held()['after the drop']?.n === 1);
  });
});
