/** The server side of the recorded conversations: load it on a host, then play scenarios/ against it. */
import { check, Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';

interface Thing {
  _id: string;
  [field: string]: unknown;
}
// Not that of `node:timers/promises`, which refuses what is no number of milliseconds.
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

type Selector = Record<string, unknown> | string;
type Modifier = Partial<Thing>;

const Things = new Mongo.Collection<Thing>('truth.things');
const Others = new Mongo.Collection<Thing>('truth.others');
const Oids = new Mongo.Collection<{ _id: unknown; n: number }>('truth.oids', { idGeneration: 'MONGO' });

Meteor.methods({
  /** Every scenario starts from this state. */
  async 'truth.reset'() {
    for (const collection of [Things, Others, Oids]) await collection.removeAsync({});
    for (let i = 1; i <= 5; i++)
      await Things.insertAsync({ _id: `t${i}`, group: i % 2 ? 'odd' : 'even', rank: i, a: i, b: { c: i, d: [i] } });
    await Others.insertAsync({ _id: 'o1', a: 'other' });
    return 'reset';
  },
  'truth.echo': (...args: unknown[]) => args,
  'truth.nothing'() {},
  'truth.null': () => null,
  'truth.number'(n: number) {
    check(n, Number);
    return n + 1;
  },
  'truth.shape'(shape: unknown) {
    check(shape, { a: String, b: Match.Optional(Match.Integer) });
    return 'ok';
  },
  'truth.unchecked'() {
    throw new Meteor.Error('not-allowed', 'You may not.', { field: 'x' });
  },
  'truth.code'() {
    throw new Meteor.Error(403, 'Forbidden here');
  },
  'truth.bare'() {
    throw new Meteor.Error('bare');
  },
  'truth.crash'() {
    throw new Error('a secret of the server');
  },
  async 'truth.reject'() {
    await wait(5);
    throw new Error('a late secret');
  },
  'truth.throwString'() {
    throw 'a thrown string';
  },
  'truth.sanitized'() {
    throw Object.assign(new Error('inner'), { sanitizedError: new Meteor.Error('outer', 'What may be seen') });
  },
  'truth.types': () => ({
    date: new Date(86400000),
    binary: new Uint8Array([1, 2, 250]),
    nan: Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    minusInf: Number.NEGATIVE_INFINITY,
    oid: new Mongo.ObjectID('0123456789abcdef01234567'),
    escaped: { $date: 5 },
    nested: [{ d: new Date(0) }],
    undef: undefined,
    regexp: /ab+c/gi,
  }),
  'truth.typesIn': ({ date, binary, oid }: Record<string, unknown>) => ({
    date: date instanceof Date && date.getTime(),
    binary: binary instanceof Uint8Array && [...binary],
    oid: oid instanceof Mongo.ObjectID && oid.toHexString(),
  }),
  async 'truth.slow'(ms: number, tag: string) {
    await wait(ms);
    return tag;
  },
  async 'truth.slowUnblocked'(ms: number, tag: string) {
    this.unblock();
    await wait(ms);
    return tag;
  },
  'truth.who'() {
    return this.userId;
  },
  'truth.context'() {
    const { isSimulation, connection } = this;
    return {
      isSimulation,
      hasConnection: !!connection,
      idLength: connection?.id.length,
      address: typeof connection?.clientAddress,
      headers: typeof connection?.httpHeaders,
    };
  },
  async 'truth.become'(id: string | null) {
    await this.setUserId(id);
    return this.userId;
  },
  'truth.insert': (thing: Thing) => Things.insertAsync(thing),
  'truth.insertUnblocked'(thing: Thing) {
    this.unblock();
    return Things.insertAsync(thing);
  },
  async 'truth.insertOid'() {
    const id: unknown = await Oids.insertAsync({ n: 1 });
    const oid = id as Mongo.ObjectID;
    return { type: oid.constructor.name, length: String(oid.toHexString()).length };
  },
  'truth.update': (selector: Selector, modifier: Modifier, options?: object) =>
    Things.updateAsync(selector, modifier as Thing, options),
  'truth.upsert': (selector: Selector, modifier: Modifier) => Things.upsertAsync(selector, modifier as Thing),
  'truth.remove': (selector: Selector) => Things.removeAsync(selector),
  'truth.find': (selector: Selector, options: object) => Things.find(selector, options).fetchAsync(),
  'truth.count': (selector: Selector) => Things.find(selector).countAsync(),
  'truth.duplicate': () => Things.insertAsync({ _id: 't1' }),
  'truth.nestedCall': () => Meteor.callAsync('truth.number', 41),
  'truth.nestedFails': () => Meteor.callAsync('truth.unchecked'),
  'truth.limited': () => 'within',
  'truth.closeMe'() {
    this.connection?.close();
  },
});

Meteor.publish('truth.all', () => Things.find());
Meteor.publish('truth.onlyA', () => Things.find({}, { fields: { a: 1 } }));
Meteor.publish('truth.onlyB', () => Things.find({}, { fields: { b: 1 } }));
Meteor.publish('truth.group', (group: string) => {
  check(group, String);
  return Things.find({ group });
});
Meteor.publish('truth.top', (n: number) => Things.find({}, { sort: { rank: -1 }, limit: n }));
Meteor.publish('truth.skip', () => Things.find({}, { sort: { rank: 1 }, skip: 1, limit: 2 }));
Meteor.publish('truth.two', () => [Things.find({ _id: 't1' }), Others.find()]);
Meteor.publish('truth.twice', () => [Things.find({ _id: 't1' }), Things.find({ _id: 't2' })]);
Meteor.publish('truth.async', async () => {
  await wait(10);
  return Things.find({ _id: 't1' });
});
Meteor.publish('truth.none', function () {
  this.ready();
});
Meteor.publish('truth.never', () => {});
Meteor.publish('truth.junk', () => 'not a cursor' as never);
Meteor.publish('truth.throws', () => {
  throw new Meteor.Error('no-entry', 'Not for you');
});
Meteor.publish('truth.crashes', () => {
  throw new Error('a secret of the publication');
});
Meteor.publish('truth.error', function () {
  this.added('truth.manual', 'x', { a: 1 });
  this.error(new Meteor.Error('later', 'Stopped by error'));
});
Meteor.publish('truth.stops', function () {
  this.added('truth.manual', 'x', { a: 1 });
  this.ready();
  this.stop();
});
Meteor.publish('truth.manual', function () {
  this.added('truth.manual', 'm1', { a: 1, b: { c: 2 } });
  this.ready();
  this.changed('truth.manual', 'm1', { a: 2, b: undefined });
  this.added('truth.manual', 'm2', {});
  this.removed('truth.manual', 'm2');
});
Meteor.publish('truth.mine', function () {
  return this.userId
    ? Things.find({ group: this.userId }, { fields: { group: 1, rank: 1 } })
    : Things.find({ _id: 't1' }, { fields: { rank: 1 } });
});
Meteor.publish(null, function () {
  return this.userId === 'even' ? Others.find() : [];
});

DDPRateLimiter.addRule({ type: 'method', name: 'truth.limited' }, 2, 1500);
