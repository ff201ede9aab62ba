import fc from 'fast-check';
import type { Outcome } from '../../../infra/queue/model/executor';
import { MemoryStore } from '../../../infra/queue/store/memory-store';
import { MongoStore } from '../../../infra/queue/store/mongo-store';
import { type TestDatabase, testDatabase } from '../../support/database';
import { propertySize } from '../../support/property-size';
import { add, bump, cancel, claim, handBack, newModel, pass, renew, rescue, retry, settle } from './store-model';

let database: TestDatabase;
let mongo: MongoStore;

beforeAll(async () => {
  database = await testDatabase();
  mongo = new MongoStore(database.db);
  await mongo.ensureIndexes();
});
afterAll(() => database.drop());

const error = { name: 'Error', message: 'on purpose' };
const endings: Outcome[] = [
  { kind: 'done', value: { n: 1 } },
  { kind: 'done', value: undefined },
  { kind: 'failed', error, fatal: false },
  { kind: 'failed', error, fatal: true },
  { kind: 'timedOut', error },
  { kind: 'crashed', error },
  { kind: 'cancelled' },
  { kind: 'snoozed', until: 50, why: 'not yet' },
];

const id = fc.constantFrom('a', 'b', 'c', 'd');
const owner = fc.constantFrom('one', 'two');
const nth = fc.nat(20);
const adding = fc.record({
  once: fc.boolean(),
  later: fc.boolean(),
  uniqueKey: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
});

/** Claims and ends come more often than what an operator does, so that there is something for each to meet. */
const steps = [
  fc.tuple(id, adding).map(([task, how]) => add(task, how)),
  fc.tuple(owner, fc.boolean()).map(([who, lost]) => claim(who, 'first', lost)),
  fc.tuple(owner, fc.uniqueArray(id, { minLength: 1 })).map(([who, ids]) => claim(who, ids)),
  fc.tuple(nth, fc.constantFrom(...endings), fc.boolean()).map(([which, how, twice]) => settle(which, how, twice)),
  fc
    .tuple(nth, fc.constantFrom(...endings), fc.boolean())
    .map(([which, how, twice]) => settle(which, how, twice, true)),
  fc.tuple(nth, fc.constantFrom(...endings)).map(([which, how]) => settle(which, how, false)),
  fc.subarray(['one', 'two']).map(rescue),
  nth.map(handBack),
  nth.map(renew),
  id.map(cancel),
  id.map(retry),
  id.map(bump),
  fc.constantFrom(1, 2_000, 31_000).map(pass),
];

test('in any order of claims, ends, rescues, retries and cancels the stores do as the model says, and alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: '+1' }), async commands => {
      await mongo.collection.deleteMany({});
      const setup = () => ({ model: newModel(), real: { memory: new MemoryStore(), mongo } });
      await fc.asyncModelRun(setup, commands);
    }),
    { numRuns: 40 * propertySize, interruptAfterTimeLimit: 40_000 },
  );
}, 60_000);
