import { eventually } from '../../support/eventually';
import { runningApp } from './ddp-truth/running-app';
import type { Talk } from './ddp-truth/talk';

const running = runningApp('more');
let talk: Talk;
beforeEach(async () => {
  talk = await running.connect();
  await talk.call('truth.reset');
});
afterEach(() => talk.close());

/** What was heard from some moment on, in its order. */
const kindsAfter = (heard: number) => talk.heardAll.slice(heard).map(({ msg }) => msg);

describe('a publication', () => {
  test('writes ids in a form from which each can be told', async () => {
    await talk.subscribe('more.ids');
    expect(Object.keys(talk.documents('more.ids')).sort()).toEqual(
      [
        '',
        '--dash',
        '-0123456789abcdef01234567',
        '-{brace',
        '-~tilde',
        'aaaaaaaaaaaaaaaaaaaaaaaa',
        'plain',
        '~7',
      ].sort(),
    );
  });

  test('sends dates, binaries and ids as EJSON', async () => {
    await talk.call('more.typedNote');
    await talk.subscribe('more.notes', { _id: 'typed' });
    expect(talk.documents('more.notes')).toEqual({
      typed: {
        date: { $date: 7 },
        binary: { $binary: 'AQL6' },
        oid: { $type: 'oid', $value: '0123456789abcdef01234567' },
        list: [{ at: { $date: 8 } }],
      },
    });
  });

  test('that changes a document which it has not added ends with an error, and takes back what it had', async () => {
    const id = await talk.subscribe('more.changeUnknown');
    expect((await talk.heard({ msg: 'nosub', id })).error).toMatchObject({ error: 500 });
    expect(talk.documents('more.manual')).toEqual({});
  });

  test('may not leave out ids', async () => {
    const id = await talk.subscribe('more.noId');
    expect((await talk.heard({ msg: 'nosub', id })).error).toMatchObject({ error: 500 });
  });

  test('whose selector the database refuses ends with an error', async () => {
    const id = await talk.subscribe('more.badSelector');
    expect((await talk.heard({ msg: 'nosub', id })).error).toMatchObject({ error: 500 });
    await eventually(async () => ((await talk.call('more.live')).result as { queries: number }).queries === 0);
    expect(talk.documents('truth.things')).toEqual({});
  });

  test('holds back the next message until it has answered, unless it unblocks', async () => {
    talk.say({ msg: 'sub', id: 'b', name: 'more.blocking' });
    const held = await talk.call('truth.null');
    talk.say({ msg: 'sub', id: 'u', name: 'more.unblocked' });
    const notHeld = await talk.call('truth.null');
    const ready = await Promise.all(['b', 'u'].map(id => talk.heard({ msg: 'ready', subs: [id] })));
    const inOrder = [ready[0], held, notHeld, ready[1]];
    expect(talk.heardAll.filter(message => inOrder.includes(message))).toEqual(inOrder);
  });

  test('tells its onStop when the client leaves, and is ready once only', async () => {
    const stops = async () => ((await talk.call('more.events')).result as string[]).filter(e => e === 'stopped').length;
    const before = await stops();
    await talk.unsubscribe(await talk.subscribe('more.stopped'));
    expect(await stops()).toBe(before + 1);
    expect(talk.all('ready')).toHaveLength(1);
    const other = await running.connect();
    await other.subscribe('more.stopped');
    other.close();
    await eventually(async () => (await stops()) === before + 2);
  });

  test('calls methods as the user that it has', async () => {
    await talk.call('truth.become', 'somebody');
    await talk.subscribe('more.callsMethod');
    const { session } = await talk.heard({ msg: 'connected' });
    expect(talk.documents('more.called')).toEqual({ x: { who: { userId: 'somebody', connectionId: session } } });
  });

  test('to everybody reaches those who are here already', async () => {
    const other = await running.connect();
    await talk.call('more.publishToAll');
    for (const client of [talk, other, await running.connect()])
      await eventually(() => client.documents('more.late').x?.late === true);
  });
});

describe('a login', () => {
  test('is told before what everybody is sent comes anew, also where another session is sent the same', async () => {
    const other = await running.connect();
    await other.call('truth.become', 'even');
    await eventually(() => other.documents('truth.others').o1);
    for (const expected of [
      ['updated', 'added'],
      ['removed', 'updated', 'added'],
    ]) {
      const heard = talk.heardAll.length;
      await talk.call('truth.become', 'even');
      await eventually(() => kindsAfter(heard).includes('added'));
      expect(kindsAfter(heard).filter(kind => kind !== 'result')).toEqual(expected);
    }
    other.close();
  });
});

describe('two subscriptions of one document', () => {
  test('show the value of the first, then that of the second', async () => {
    const first = await talk.subscribe('more.merge', 'one');
    await talk.subscribe('more.merge', 'two');
    expect(talk.documents('more.merged')).toEqual({ x: { shared: 'one', 'own-one': 'one', 'own-two': 'two' } });
    await talk.unsubscribe(first);
    expect(talk.documents('more.merged')).toEqual({ x: { shared: 'two', 'own-two': 'two' } });
  });
});

describe('what a method has written', () => {
  test('is there before updated, in each subscription that it touches', async () => {
    await talk.subscribe('truth.all');
    await talk.subscribe('truth.top', 2);
    await talk.subscribe('truth.skip');
    const heard = talk.heardAll.length;
    await talk.call('truth.update', {}, { $set: { touched: true } }, { multi: true });
    await talk.heard({ msg: 'updated' });
    const kinds = kindsAfter(heard);
    expect(kinds.lastIndexOf('changed')).toBeLessThan(kinds.indexOf('updated'));
    expect(Object.values(talk.documents('truth.things')).every(({ touched }) => touched)).toBe(true);
  });

  test('shows each state on the way, in its order', async () => {
    await talk.subscribe('truth.group', 'odd');
    const heard = talk.heardAll.length;
    await talk.call('truth.reset');
    const seen = talk.heardAll.slice(heard).filter(({ collection }) => collection);
    expect(seen.map(({ msg, id }) => `${msg} ${id}`)).toEqual([
      ...['t1', 't3', 't5'].map(id => `removed ${id}`),
      ...['t1', 't3', 't5'].map(id => `added ${id}`),
    ]);
  });

  test('is there before updated where the method did not wait for it', async () => {
    await talk.subscribe('more.notes', {});
    const heard = talk.heardAll.length;
    await talk.call('more.notAwaited', { _id: `unawaited-${Date.now()}` });
    await eventually(() => kindsAfter(heard).includes('updated'));
    expect(kindsAfter(heard).filter(kind => kind !== 'result')).toEqual(['added', 'updated']);
  });

  test('comes by itself where it is written after the method has ended', async () => {
    await talk.subscribe('more.notes', {});
    const _id = `later-${Date.now()}`;
    await talk.call('more.writeLater', { _id });
    await eventually(() => talk.documents('more.notes')[_id]);
  });
});

describe('observing on the server', () => {
  test('tells the order and its changes', async () => {
    expect((await talk.call('more.observe')).result).toEqual([
      ['added', 'oa', 1, null],
      ['added', 'oc', 3, null],
      ['added', 'ob', 2, 'oc'],
      ['changed', 'oa', 9],
      ['moved', 'oa', null],
      ['removed', 'ob'],
    ]);
  });

  test('gives whole documents', async () => {
    expect((await talk.call('more.observeDocuments')).result).toEqual([
      ['added', { _id: 'd1', n: 1 }],
      ['changed', { _id: 'd1', n: 2 }, { _id: 'd1', n: 1 }],
      ['removed', { _id: 'd1', n: 2 }],
    ]);
  });
});
