import { runningApp } from './ddp-truth/running-app';
import type { Message } from './ddp-truth/scenario';
import type { Talk } from './ddp-truth/talk';

const running = runningApp('more');
let talk: Talk;

beforeEach(async () => {
  talk = await running.connect();
  await talk.call('more.removeNotes');
  await talk.call('more.note', { _id: 'n', kind: 'old', a: 1, b: 2 });
});
afterEach(() => talk.close());

const subscribe = (selector: object, ...fields: string[]) =>
  talk.subscribe(
    'more.query',
    selector,
    fields.length > 0 ? { fields: Object.fromEntries(fields.map(field => [field, 1])) } : {},
  );

/** What the client is told of the notes by a write. */
async function toldBy(method: string, ...params: unknown[]): Promise<Message[]> {
  const heard = talk.heardAll.length;
  const { id } = await talk.call(method, ...params);
  await talk.heard({ msg: 'updated', methods: [id] });
  return talk.heardAll.slice(heard).filter(({ collection }) => collection);
}

const message = (msg: string, id: string, rest: object = {}) => ({ msg, collection: 'more.notes', id, ...rest });

// The messages depend on who speaks first. Meteor's observers of one driver do so in the order in which they began, and
// what is new to one of them by an update comes last: it has to be fetched. A polled query beside these keeps no order.
describe('subscriptions that overlap speak in turn', () => {
  test('of a new document: the first adds it, the others add to it', async () => {
    await subscribe({}, 'a');
    await subscribe({}, 'b');
    expect(await toldBy('more.insertNote', { _id: 'new', a: 3, b: 4 })).toEqual([
      message('added', 'new', { fields: { a: 3 } }),
      message('changed', 'new', { fields: { b: 4 } }),
    ]);
  });

  test('of a document that is gone: the first takes its fields away, the last takes the document', async () => {
    await subscribe({});
    await subscribe({}, 'a');
    expect(await toldBy('more.removeNotes')).toEqual([
      message('changed', 'n', { cleared: ['kind', 'b'] }),
      message('removed', 'n'),
    ]);
  });

  test('of a document that moves: it goes from one before it comes to the other, whoever began first', async () => {
    await subscribe({ kind: 'new' });
    await subscribe({ kind: 'old' });
    expect(await toldBy('more.updateNotes', { $set: { kind: 'new' } })).toEqual([
      message('removed', 'n'),
      message('added', 'n', { fields: { kind: 'new', a: 1, b: 2 } }),
    ]);
  });

  test('of a document that one of them knew: the change first, then what the other sees of it', async () => {
    await subscribe({ kind: 'new' }, 'kind', 'b');
    await subscribe({}, 'a');
    expect(await toldBy('more.updateNotes', { $set: { kind: 'new', a: 5 } })).toEqual([
      message('changed', 'n', { fields: { a: 5 } }),
      message('changed', 'n', { fields: { kind: 'new', b: 2 } }),
    ]);
  });
});
