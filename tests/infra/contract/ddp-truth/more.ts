/** What the recorded conversations don't need: an app for the Node host's other tests. */
import './fixture';
import { setTimeout as wait } from 'node:timers/promises';
import { DDP } from 'meteor/ddp';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { Mongo, MongoInternals } from 'meteor/mongo';
import { liveCounts } from '../../../../infra/node-host/live/live-queries';

const Things = Mongo.getCollection<{ _id: string }>('truth.things')!;
const Notes = new Mongo.Collection<{ _id: string; [field: string]: unknown }>('more.notes');
const events: string[] = [];

if (Meteor.settings.heartbeat) Object.assign(Meteor.server.options, Meteor.settings.heartbeat);

Meteor.onConnection(connection => {
  events.push(`open ${connection.id}`);
  connection.onClose(() => events.push(`closed ${connection.id}`));
});

Meteor.methods({
  'more.events': () => events,
  'more.address'() {
    return this.connection?.clientAddress;
  },
  'more.header'(name: string) {
    return this.connection?.httpHeaders[name];
  },
  'more.live': () => liveCounts(),
  'more.sessions': () => Meteor.server.sessions.size,
  async 'more.becomeLate'(id: string) {
    this.unblock();
    await this.setUserId(id);
  },
  'more.becomeNumber'() {
    return this.setUserId(5 as never);
  },
  async 'more.nested'() {
    const { userId, connection } = this;
    const inner = await Meteor.callAsync('more.whoAndWhere');
    return { same: JSON.stringify(inner) === JSON.stringify({ userId, connectionId: connection?.id }) };
  },
  'more.whoAndWhere'() {
    return { userId: this.userId, connectionId: this.connection?.id };
  },
  async 'more.nestedKeeps'(list: unknown[]) {
    await Meteor.callAsync('more.spoil', list);
    return list;
  },
  'more.spoil'(list: unknown[]) {
    list.push('added');
  },
  'more.seeded': () => DDP.randomStream('more').id(),
  async 'more.afterAwait'() {
    await wait(5);
    return DDP._CurrentMethodInvocation.get()?.connection === this.connection;
  },
  'more.nothingThrown'() {
    return Promise.reject();
  },
  'more.clientSafe'() {
    throw Object.assign(new Error('as said'), { isClientSafe: true, error: 'custom', reason: 'because' });
  },
  async 'more.note'(note: { _id: string }) {
    await Notes.removeAsync(note._id);
    return Notes.insertAsync(note);
  },
  'more.insertNote': (note: { _id: string }) => Notes.insertAsync(note),
  'more.updateNotes': (modifier: object) => Notes.updateAsync({}, modifier as never, { multi: true }),
  'more.removeNotes': () => Notes.removeAsync({}),
  'more.typedNote': async () => {
    await Notes.removeAsync('typed');
    await Notes.insertAsync({
      _id: 'typed',
      date: new Date(7),
      binary: new Uint8Array([1, 2, 250]),
      oid: new Mongo.ObjectID('0123456789abcdef01234567'),
      list: [{ at: new Date(8) }],
    });
    const note = await Notes.findOneAsync('typed');
    return note && { ...note, isBinary: note.binary instanceof Uint8Array, isOid: note.oid instanceof Mongo.ObjectID };
  },
  'more.notAwaited'(note: { _id: string; [field: string]: unknown }) {
    void Notes.insertAsync(note);
  },
  'more.writeLater'(note: { _id: string; [field: string]: unknown }) {
    Meteor.setTimeout(() => Notes.insertAsync(note), 50);
  },
  'more.sync'(method: 'insert' | 'update' | 'remove' | 'upsert' | 'findOne') {
    (Notes[method] as () => unknown)();
  },
  'more.countSync': () => Notes.find().count(),
  async 'more.cursor'() {
    const cursor = Notes.find(
      { _id: /^c/ },
      { sort: ['_id'], transform: note => ({ _id: note._id, upper: note._id.toUpperCase() }) },
    );
    const iterated: string[] = [];
    for await (const note of cursor as unknown as AsyncIterable<{ upper: string }>) iterated.push(note.upper);
    return {
      iterated,
      mapped: await cursor.mapAsync((note, index) => `${index}${note.upper}`),
      count: await cursor.countAsync(),
    };
  },
  'more.sorts': (sorts: object[]) =>
    Promise.all(
      sorts.map(async sort => (await Things.find({}, { sort, limit: 3 }).fetchAsync()).map(({ _id }) => _id)),
    ),
  'more.findNothing': async () => ({
    undefinedSelector: (await Things.find(undefined).fetchAsync()).length,
    emptyId: (await Things.find({ _id: '' }).fetchAsync()).length,
    noSelector: (await Things.find().fetchAsync()).length,
  }),
  'more.replaceOrInsert': async () => {
    await Notes.removeAsync({ kind: 'replaced' });
    const inserted = await Notes.upsertAsync({ kind: 'replaced' }, { kind: 'replaced', n: 1 } as never);
    const replaced = await Notes.upsertAsync({ kind: 'replaced' }, { kind: 'replaced', n: 2 } as never);
    const notes = await Notes.find({ kind: 'replaced' }).fetchAsync();
    return { inserted, replaced, notes };
  },
  'more.insertOdd': (note: unknown) => Notes.insertAsync(note as { _id: string }),
  async 'more.observe'() {
    const seen: unknown[] = [];
    await Notes.removeAsync({ list: 'ordered' });
    const handle = await Notes.find({ list: 'ordered' }, { sort: { n: 1 }, fields: { n: 1 } }).observeChangesAsync({
      addedBefore: (id, { n }, before) => seen.push(['added', id, n, before]),
      changed: (id, { n }) => seen.push(['changed', id, n]),
      movedBefore: (id, before) => seen.push(['moved', id, before]),
      removed: id => seen.push(['removed', id]),
    });
    for (const [index, [id, n]] of Object.entries({ oa: 1, oc: 3, ob: 2 }).entries()) {
      await Notes.insertAsync({ _id: id, list: 'ordered', n });
      await until(() => seen.length > index);
    }
    await Notes.updateAsync('oa', { $set: { n: 9 } } as never);
    await until(() => seen.length >= 5);
    await Notes.removeAsync('ob');
    await until(() => seen.length >= 6);
    handle.stop();
    return seen;
  },
  async 'more.observeDocuments'() {
    const seen: unknown[] = [];
    await Notes.removeAsync({ list: 'documents' });
    await Notes.insertAsync({ _id: 'd1', list: 'documents', n: 1 });
    const handle = await Notes.find({ list: 'documents' }, { fields: { n: 1 } }).observeAsync({
      added: note => seen.push(['added', note]),
      changed: (now, before) => seen.push(['changed', now, before]),
      removed: note => seen.push(['removed', note]),
    });
    await Notes.updateAsync('d1', { $set: { n: 2 } } as never);
    await until(() => seen.length >= 2);
    await Notes.removeAsync('d1');
    await until(() => seen.length >= 3);
    handle.stop();
    return seen;
  },
  'more.driver': () => {
    const { mongo } = MongoInternals.defaultRemoteCollectionDriver();
    return mongo.db.databaseName === Notes.rawDatabase().databaseName && Boolean(mongo.client.db);
  },
  'more.publishToAll'() {
    Meteor.publish(null, function () {
      this.added('more.late', 'x', { late: true });
    });
  },
  'more.limitedMessage': () => 'once',
  'more.limitedByZero': () => 'ten times',
});

/** Observers hear of a write a moment later. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 500; tries++) await wait(10);
}

Meteor.publish('more.notes', (selector: object) => Notes.find(selector));
Meteor.publish('more.query', (selector: object, options: object) => Notes.find(selector, options));
Meteor.publish('more.noId', () => Notes.find({}, { fields: { _id: 0 } }));
Meteor.publish('more.badSelector', () => [Notes.find({ $nonsense: 1 }), Things.find('t1')]);
Meteor.publish('more.ids', function () {
  for (const id of ['plain', '-dash', '~tilde', '{brace', '0123456789abcdef01234567', ''])
    this.added('more.ids', id, {});
  this.added('more.ids', new Mongo.ObjectID('aaaaaaaaaaaaaaaaaaaaaaaa') as never, {});
  this.added('more.ids', 7 as never, {});
  this.ready();
});
Meteor.publish('more.changeUnknown', function () {
  this.added('more.manual', 'known', { a: 1 });
  this.ready();
  this.changed('more.manual', 'unknown', { a: 1 });
});
Meteor.publish('more.stopped', function () {
  this.onStop(() => events.push('stopped'));
  this.ready();
  this.ready();
});
Meteor.publish('more.unblocked', async function () {
  this.unblock();
  await wait(300);
  this.ready();
});
Meteor.publish('more.blocking', async function () {
  await wait(300);
  this.ready();
});
Meteor.publish('more.callsMethod', async function () {
  this.added('more.called', 'x', { who: await Meteor.callAsync('more.whoAndWhere') });
  this.ready();
});
Meteor.publish('more.limited', function () {
  this.ready();
});
Meteor.publish('more.merge', function (value: unknown) {
  this.added('more.merged', 'x', { shared: value, [`own-${value}`]: value });
  this.ready();
});

DDPRateLimiter.addRule({ type: 'subscription', name: 'more.limited' }, 1, 60_000);
const rule = DDPRateLimiter.addRule({ type: 'method', name: 'more.limitedMessage' }, 1, 60_000);
DDPRateLimiter.addRule({ type: 'method', name: 'more.limitedByZero' }, 0, 60_000);
DDPRateLimiter.setErrorMessageOnRule(rule, 'Enough of this.');
