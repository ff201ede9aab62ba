import { MemoryCollection } from '../../../infra/node-host/ddp-client/minimongo/collection';
import type { Document } from '../../../infra/node-host/ddp-client/minimongo/selector';
import type { Store } from '../../../infra/node-host/ddp-client/store-writes';
import { ObjectID } from '../../../infra/node-host/shared/object-id';
import { Tracker } from '../../../infra/node-host/tracker/tracker';

const local = () => new MemoryCollection(null);

function connected(): { collection: MemoryCollection; store: Store } {
  let store: Store | undefined;
  const registerStore = (_name: string, its: Store) => {
    store = its;
    return true;
  };
  const connection = { registerStore };
  const collection = new MemoryCollection('things', { connection });
  return { collection, store: store! };
}

function filled(): MemoryCollection {
  const things = local();
  for (const n of [3, 1, 2]) things.insert({ _id: `t${n}`, n, odd: n % 2 === 1, deep: { a: n, b: [n] } });
  return things;
}

const ids = (documents: Document[]) => documents.map(({ _id }) => _id).join(' ');

describe('a collection in memory', () => {
  test('finds by selector, id and ObjectID', () => {
    const things = filled();
    const id = new ObjectID();
    things.insert({ _id: id, n: 9 });
    expect(ids(things.find({ odd: true }).fetch())).toBe('t3 t1');
    expect(things.findOne('t2')?.n).toBe(2);
    expect(things.findOne(new ObjectID(id.toHexString()))?.n).toBe(9);
    expect(things.find().count()).toBe(4);
  });

  test.each([[undefined], [null], [{ _id: undefined }], ['']])('finds nothing for the selector %p', selector => {
    expect(
      filled()
        .find(selector as never)
        .count(),
    ).toBe(0);
  });

  test('sorts, skips, limits and picks fields', () => {
    const things = filled();
    expect(ids(things.find({}, { sort: { n: -1 } }).fetch())).toBe('t3 t2 t1');
    expect(ids(things.find({}, { sort: [['n', 'asc']], skip: 1, limit: 1 }).fetch())).toBe('t2');
    expect(things.findOne('t1', { fields: { 'deep.a': 1 } })).toEqual({ _id: 't1', deep: { a: 1 } });
    expect(things.findOne('t1', { fields: { deep: 0, _id: 0 } })).toEqual({ n: 1, odd: true });
  });

  test('refuses an option that it would have to drop', () => {
    expect(() => local().find({}, { collation: null } as never)).toThrow('option "collation" is not part of');
    expect(() => new MemoryCollection(null, { capped: null } as never)).toThrow('option "capped"');
  });

  test('hands out copies, keeps copies', () => {
    const things = local();
    const document = { _id: 'a', list: [1] };
    things.insert(document);
    document.list.push(2);
    things.findOne('a')!.list = [];
    expect(things.findOne('a')).toEqual({ _id: 'a', list: [1] });
  });

  test('writes, with the asynchronous forms too', async () => {
    const things = filled();
    expect(await things.updateAsync({ odd: true }, { $inc: { n: 10 }, $set: { 'deep.c': 1 } }, { multi: true })).toBe(
      2,
    );
    expect(things.findOne('t3')).toMatchObject({ n: 13, deep: { a: 3, c: 1 } });
    expect(things.update('t1', { n: 0 })).toBe(1);
    expect(things.findOne('t1')).toEqual({ _id: 't1', n: 0 });
    expect(await things.removeAsync('t1')).toBe(1);
    expect(await things.find().countAsync()).toBe(2);
    expect(typeof (await things.insertAsync({ n: 4 }))).toBe('string');
    await expect(things.insertAsync({ _id: 't2' })).rejects.toThrow("Duplicate _id 't2'");
  });

  test('upserts from the equalities of the selector', () => {
    const things = local();
    const modifier = { $set: { n: 1 }, $setOnInsert: { fresh: true } };
    const { insertedId, numberAffected } = things.upsert({ name: 'x', rank: { $gt: 1 } }, modifier);
    expect(numberAffected).toBe(1);
    expect(things.findOne()).toEqual({ _id: insertedId, name: 'x', n: 1, fresh: true });
    expect(things.upsert({ name: 'x' }, { $set: { n: 2 } })).toEqual({ numberAffected: 1 });
    expect(things.findOne()).toMatchObject({ n: 2, fresh: true });
  });

  test('generates ObjectIDs where asked', () => {
    const things = new MemoryCollection(null, { idGeneration: 'MONGO' });
    expect(things.insert({})).toBeInstanceOf(ObjectID);
  });

  describe('with a transform', () => {
    class Note {
      constructor(readonly fields: Record<string, unknown>) {}
      get shout() {
        return String(this.fields.text).toUpperCase();
      }
    }
    const notes = () => {
      const collection = new MemoryCollection(null, { transform: fields => new Note(fields) });
      collection.insert({ _id: 'a', text: 'hello' });
      return collection;
    };

    test('gives what that makes of a document, to all who read and observe whole ones', async () => {
      const all = notes();
      expect(all.findOne('a')).toMatchObject({ _id: 'a', shout: 'HELLO' });
      expect((await all.findOneAsync('a'))?.shout).toBe('HELLO');
      expect(all.find().map(({ shout }) => shout)).toEqual(['HELLO']);
      expect([...all.find()][0]).toBeInstanceOf(Note);
      const [whole, fields]: unknown[][] = [[], []];
      all.find().observe({
        added: ({ shout }) => whole!.push(shout),
        changed: (now, before) => whole!.push(now.shout, before.shout),
        removed: ({ shout }) => whole!.push(shout),
      });
      all.find().observeChanges({ added: (_id, its) => fields!.push(its), changed: (_id, its) => fields!.push(its) });
      all.update('a', { $set: { text: 'bye' } });
      all.remove('a');
      expect(whole).toEqual(['HELLO', 'BYE', 'HELLO', 'BYE']);
      expect(fields).toEqual([{ text: 'hello' }, { text: 'bye' }]);
    });

    test('gives the document itself, or what another one makes, where a query says so', () => {
      const all = notes();
      expect(all.findOne('a', { transform: null })).toEqual({ _id: 'a', text: 'hello' });
      expect(all.find({}, { transform: ({ _id }) => ({ _id, n: 1 }) }).fetch()).toEqual([{ _id: 'a', n: 1 }]);
      expect(local().find({}, { transform: null }).fetch()).toEqual([]);
    });

    test('refuses one that gives no object, or another id', () => {
      const all = notes();
      expect(() => all.findOne('a', { transform: () => 'a' })).toThrow('transform must return object');
      expect(() => all.findOne('a', { transform: () => ({ _id: 'b' }) })).toThrow("can't have different _id");
    });
  });

  test('takes the deny rules of a module that both sides load, and refuses allow rules as the server does', () => {
    const { collection } = connected();
    expect(() => collection.deny({ insert: () => true })).not.toThrow();
    expect(() => collection.allow({ insert: () => true })).toThrow('things.allow(): writes by browsers');
  });

  test('names the way out where a write is a server’s matter', async () => {
    const { collection } = connected();
    await expect(collection.insertAsync({})).rejects.toThrow(/insert on "things".*infra\/node-host\/README.md/);
    expect(() => collection.rawCollection()).toThrow('Can only call rawCollection on server collections');
  });
});

describe('observing a cursor', () => {
  test('tells what is there and what changes, with fields that are gone as undefined', () => {
    const things = local();
    things.insert({ _id: 'a', n: 1, m: 1 });
    const calls: unknown[] = [];
    const handle = things.find({ n: { $gt: 0 } }).observeChanges({
      added: (id, fields) => calls.push(['added', id, fields]),
      changed: (id, fields) => calls.push(['changed', id, fields]),
      removed: id => calls.push(['removed', id]),
    });
    things.update('a', { $set: { n: 2 }, $unset: { m: '' } });
    things.insert({ _id: 'b', n: 0 });
    things.update('b', { $set: { n: 5 } });
    things.update('a', { $set: { n: -1 } });
    handle.stop();
    things.remove({});
    expect(calls).toEqual([
      ['added', 'a', { n: 1, m: 1 }],
      ['changed', 'a', { n: 2, m: undefined }],
      ['added', 'b', { n: 5 }],
      ['removed', 'a'],
    ]);
  });

  test('tells nothing of fields that nobody asked for', () => {
    const things = filled();
    let calls = -3;
    things.find({}, { fields: { n: 1 } }).observeChanges({ added: () => calls++, changed: () => calls++ });
    things.update({}, { $set: { deep: 0 } }, { multi: true });
    expect(calls).toBe(0);
  });

  test.each([['added and moved'], ['batched']])('keeps an ordered copy in step (%s)', way => {
    const things = local();
    const copy: Document[] = [];
    things.find({}, { sort: { n: 1 }, limit: 5 }).observe({
      addedAt: (document, at) => void copy.splice(at, 0, document),
      changedAt: (document, _old, at) => void copy.splice(at, 1, document),
      removedAt: (_old, at) => void copy.splice(at, 1),
      movedTo: (_document, from, to) => void copy.splice(to, 0, ...copy.splice(from, 1)),
    });
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 16807) % 2147483647;
      return seed % below;
    };
    const write = () => {
      const _id = `d${random(9)}`;
      if (random(4) === 0) things.remove(_id);
      else things.upsert(_id, { $set: { n: random(20) } });
    };
    const inner = (things as unknown as { local: { batch(run: () => void): void } }).local;
    for (let round = 0; round < 300; round++) {
      if (way === 'batched') inner.batch(() => [write(), write(), write(), write()]);
      else write();
      expect(copy).toEqual(things.find({}, { sort: { n: 1 }, limit: 5 }).fetch());
    }
  });

  test('moves few documents', () => {
    const things = local();
    for (let n = 0; n < 6; n++) things.insert({ _id: `d${n}`, n });
    const moves: unknown[] = [];
    things.find({}, { sort: { n: 1 } }).observeChanges({ movedBefore: (id, before) => moves.push([id, before]) });
    things.update('d0', { $set: { n: 3.5 } });
    expect(moves).toEqual([['d0', 'd4']]);
  });

  test('tells changes in order where a callback writes again', () => {
    const things = local();
    const seen: unknown[] = [];
    things.find({}).observeChanges({
      added: id => {
        if (id === 'a') things.insert({ _id: 'b' });
        seen.push(id);
      },
    });
    things.insert({ _id: 'a' });
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('a cursor read in a computation', () => {
  const runsOf = (read: () => unknown) => {
    let runs = 0;
    const computation = Tracker.autorun(() => [read(), runs++]);
    return {
      after(write: () => unknown) {
        write();
        Tracker.flush();
        return runs;
      },
      stop: () => computation.stop(),
    };
  };

  test('runs it again for changes of its documents only', () => {
    const things = filled();
    const runs = runsOf(() => things.find({ odd: true }, { fields: { n: 1 } }).fetch());
    expect(runs.after(() => things.update('t2', { $set: { n: 7 } }))).toBe(1);
    expect(runs.after(() => things.update('t1', { $set: { deep: 7 } }))).toBe(1);
    expect(runs.after(() => things.update('t1', { $set: { n: 1 } }))).toBe(1);
    expect(runs.after(() => things.update('t1', { $set: { n: 7 } }))).toBe(2);
    expect(runs.after(() => things.update('t2', { $set: { odd: true } }))).toBe(3);
    expect(runs.after(() => things.remove('t1'))).toBe(4);
    runs.stop();
    expect(runs.after(() => things.remove({}))).toBe(4);
  });

  test('depends on the number only, where it counts', () => {
    const things = filled();
    const runs = runsOf(() => things.find().count());
    expect(runs.after(() => things.update('t1', { $set: { n: 7 } }))).toBe(1);
    expect(runs.after(() => things.remove('t1'))).toBe(2);
  });

  test('leaves no live query behind', () => {
    const things = filled();
    const runs = runsOf(() => [things.find().fetch(), things.find().observe({ added() {} }), things.findOne('t1')]);
    runs.after(() => things.remove('t1'));
    runs.stop();
    const { queries } = (things as unknown as { local: { queries: Set<unknown> } }).local;
    expect(queries.size).toBe(0);
  });

  test('does not depend with reactive: false', () => {
    const things = filled();
    const runs = runsOf(() => things.find({}, { reactive: false }).fetch());
    expect(runs.after(() => things.remove({}))).toBe(1);
  });
});

describe('what a connection writes', () => {
  test('changes over to a new session without telling what stayed the same', () => {
    const { collection, store } = connected();
    store.beginUpdate(2, false);
    store.update({ msg: 'added', id: 'a', fields: { n: 1 } });
    store.update({ msg: 'added', id: 'b', fields: { n: 1, gone: 1 } });
    store.endUpdate();
    const calls: unknown[] = [];
    collection.find().observeChanges({
      _suppress_initial: true,
      added: id => calls.push(['added', id]),
      changed: (id, fields) => calls.push(['changed', id, fields]),
      removed: id => calls.push(['removed', id]),
    });
    store.beginUpdate(2, true);
    store.update({ msg: 'added', id: 'a', fields: { n: 1 } });
    store.update({ msg: 'added', id: 'b', fields: { n: 2 } });
    store.endUpdate();
    expect(calls).toEqual([['changed', 'b', { n: 2, gone: undefined }]]);
  });

  test('reads ids as the wire has them', () => {
    const { collection, store } = connected();
    store.beginUpdate(2, false);
    store.update({ msg: 'added', id: '0123456789abcdef01234567', fields: {} });
    store.update({ msg: 'added', id: '-0123456789abcdef01234567', fields: {} });
    store.update({ msg: 'changed', id: '-0123456789abcdef01234567', fields: { n: 1 } });
    store.endUpdate();
    expect(collection.findOne(new ObjectID('0123456789abcdef01234567'))).toBeDefined();
    expect(collection.findOne('0123456789abcdef01234567')?.n).toBe(1);
  });

  test('takes a name once', () => {
    const connection = { registerStore: () => false };
    expect(() => new MemoryCollection('things', { connection })).toThrow('already a collection named "things"');
  });
});
