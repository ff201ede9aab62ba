import { eventually } from '../../support/eventually';
import { runningApp } from './ddp-truth/running-app';
import type { Talk } from './ddp-truth/talk';

const running = runningApp('more');
let talk: Talk;

beforeAll(async () => {
  talk = await running.connect();
});

const resultOf = async (method: string, ...params: unknown[]) => (await talk.call(method, ...params)).result;

describe('a method', () => {
  test('called by a method has the same user and connection', async () => {
    expect(await resultOf('more.nested')).toEqual({ same: true });
  });

  test('called by a method can not change what the caller holds', async () => {
    expect(await resultOf('more.nestedKeeps', ['mine'])).toEqual(['mine']);
  });

  test('is known to code that it awaits', async () => {
    expect(await resultOf('more.afterAwait')).toBe(true);
  });

  test('can not log in after it has unblocked, nor as a number', async () => {
    for (const method of ['more.becomeLate', 'more.becomeNumber'])
      expect((await talk.call(method, 'me')).error).toMatchObject({ error: 500 });
  });

  test('draws the ids that its seed says', async () => {
    const call = async (id: string, randomSeed?: string) => {
      talk.say({ msg: 'method', method: 'more.seeded', params: [], id, ...(randomSeed ? { randomSeed } : {}) });
      return (await talk.heard({ msg: 'result', id })).result;
    };
    const first = await call('seed1', 'some seed');
    expect(first).toMatch(/^[23456789A-HJ-NP-Za-km-z]{17}$/);
    expect(await call('seed2', 'some seed')).toBe(first);
    expect(await call('seed3', 'another seed')).not.toBe(first);
    expect(await call('seed4')).not.toBe(await call('seed5'));
  });

  test('that fails may say why by an error of any class that is safe for clients', async () => {
    expect((await talk.call('more.clientSafe')).error).toEqual({
      isClientSafe: true,
      error: 'custom',
      reason: 'because',
      message: 'because [custom]',
      errorType: 'Meteor.Error',
    });
  });

  test('that fails with nothing answers nothing', async () => {
    expect(await talk.call('more.nothingThrown')).toEqual({ msg: 'result', id: expect.any(String) });
  });
});

describe('a collection', () => {
  test('keeps dates, binaries and ids', async () => {
    expect(await resultOf('more.typedNote')).toMatchObject({
      date: { $date: 7 },
      binary: { $binary: 'AQL6' },
      oid: { $type: 'oid', $value: '0123456789abcdef01234567' },
      list: [{ at: { $date: 8 } }],
      isBinary: true,
      isOid: true,
    });
  });

  test('finds nothing by a forgotten selector', async () => {
    await talk.call('truth.reset');
    expect(await resultOf('more.findNothing')).toEqual({ undefinedSelector: 0, emptyId: 0, noSelector: 5 });
  });

  test('takes a sort in each of its spellings', async () => {
    await talk.call('truth.reset');
    const sorts = [
      { rank: -1 },
      [['rank', 'desc']],
      [['rank', -1]],
      [
        ['group', 'asc'],
        ['rank', 'desc'],
      ],
      ['group', 'rank'],
    ];
    const [byRank, even] = [
      ['t5', 't4', 't3'],
      ['t4', 't2', 't5'],
    ];
    expect(await resultOf('more.sorts', sorts)).toEqual([byRank, byRank, byRank, even, ['t2', 't4', 't1']]);
  });

  test('takes null for options, and fields before projection; others of a wrong type are a failed match', async () => {
    await talk.call('truth.reset');
    expect(await resultOf('truth.find', 't1', null)).toMatchObject([{ _id: 't1', rank: 1 }]);
    expect(await resultOf('truth.find', 't1', { fields: { a: 1 }, projection: { rank: 1 } })).toEqual([
      { _id: 't1', a: 1 },
    ]);
    expect(await resultOf('truth.update', 't1', { $set: { a: 2 } }, null)).toBe(1);
    for (const options of [{ limit: 'x' }, { sort: 'rank' }, { fields: 'a' }])
      expect((await talk.call('truth.find', {}, options)).error).toMatchObject({ error: 400, reason: 'Match failed' });
  });

  test('is iterated, mapped and counted by its cursors, transformed', async () => {
    for (const _id of ['ca', 'cb']) await talk.call('more.note', { _id });
    expect(await resultOf('more.cursor')).toEqual({ iterated: ['CA', 'CB'], mapped: ['0CA', '1CB'], count: 2 });
  });

  test('gives the new document of an upsert an id of ours', async () => {
    const { inserted, replaced, notes } = (await resultOf('more.replaceOrInsert')) as Record<string, unknown>;
    expect(inserted).toEqual({ numberAffected: 1, insertedId: expect.stringMatching(/^\w{17}$/) });
    expect(replaced).toEqual({ numberAffected: 1 });
    expect(notes).toEqual([{ _id: (inserted as { insertedId: string }).insertedId, kind: 'replaced', n: 2 }]);
  });

  test('inserts by an upsert under the id that it names, be it a number', async () => {
    await talk.call('truth.reset');
    for (const id of ['named', 5])
      expect(await resultOf('truth.upsert', id, { $set: { a: 1 } })).toEqual({ numberAffected: 1, insertedId: id });
    await talk.call('truth.reset');
  });

  test('inserts an empty document by an empty upsert, and refuses an empty update', async () => {
    const { numberAffected, insertedId } = (await resultOf('truth.upsert', { q: 1 }, {})) as Record<string, unknown>;
    expect(numberAffected).toBe(1);
    expect(await resultOf('truth.find', insertedId)).toEqual([{ _id: insertedId }]);
    for (const modifier of [{}, { a: 1, $set: { b: 1 } }])
      expect((await talk.call('truth.update', insertedId, modifier)).error).toMatchObject({ error: 500 });
  });

  test.each([[{ _id: '' }], [{ _id: 5 }], [null]])('refuses to insert %j', async note => {
    expect((await talk.call('more.insertOdd', note)).error).toMatchObject({ error: 500 });
  });

  test('has no synchronous methods on the server, and says what to call instead', async () => {
    const hasSaid = (line: string) => eventually(() => running.host.process.output.includes(line));
    for (const method of ['insert', 'update', 'remove', 'upsert', 'findOne']) {
      await talk.call('more.sync', method);
      await hasSaid(`${method} is not available on the server. Please use ${method}Async() instead.`);
    }
    await talk.call('more.countSync');
    await hasSaid('count() is not available on the server. Please use countAsync() instead.');
  });

  test('is on the database that the driver shows', async () => {
    expect(await resultOf('more.driver')).toBe(true);
  });
});
