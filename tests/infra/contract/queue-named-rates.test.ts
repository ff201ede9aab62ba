import { MongoNetworkError } from 'mongodb';
import { brokenDatabase } from '../../support/broken-database';
import { eventually } from '../../support/eventually';
import { hang, TestQueue } from '../../support/queue';
import { catalogForTests } from '../../support/test-catalog';

const rates = { stripe: { max: 3, per: 300 }, mails: { max: 10, per: 300 }, never: { max: 1, per: 3_600_000 } };
let t: TestQueue;
let other: TestQueue;
beforeEach(async () => {
  t = await TestQueue.open();
  other = await t.elsewhere();
  for (const { queue } of [t, other]) queue.declare(catalogForTests, {}, rates);
});
afterEach(() => t.close());

const both = (index: number) => (index % 2 === 0 ? t : other).queue;

test('in no span is more taken than a named rate grants, by two processes, and all get their turn', async () => {
  const costs = [1, 1, 2, 1, 3, 1, 2, 1, 1];
  const taken: { at: number; cost: number }[] = [];
  const take = async (cost: number, index: number) => {
    await both(index).rate('stripe', cost);
    taken.push({ at: performance.now(), cost });
  };
  await Promise.all(costs.map(take));
  expect(taken).toHaveLength(costs.length);
  for (const { at: from } of taken) {
    const inSpan = taken.filter(({ at }) => at >= from && at < from + rates.stripe.per - 2);
    expect(inSpan.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(rates.stripe.max);
  }
});

test('a large cost is not passed by small ones for ever, not even by those of another process', async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const small = async () => {
    while (!signal.aborted) await other.queue.rate('mails', 1, { signal }).catch(() => {});
  };
  const others = Array.from({ length: 12 }, small);
  await t.queue.rate('mails', 10);
  stop.abort();
  await Promise.all(others);
});

test('who stops waiting leaves the line to the next', async () => {
  await t.queue.rate('stripe', 3);
  const stop = new AbortController();
  const waits = t.queue.rate('stripe', 3, { signal: stop.signal });
  const log = t.queue.core.db.collection<{ _id: string; line: unknown[] }>('taskControl');
  await eventually(async () => (await log.findOne({ _id: 'rate:@stripe' }))?.line.length === 1);
  stop.abort(new Error('no longer'));
  await expect(waits).rejects.toThrow('no longer');
  await other.queue.rate('stripe', 1);
  await expect(t.queue.rate('stripe', 1, { signal: stop.signal })).rejects.toThrow('no longer');
});

test('what was granted to somebody who has left before the reply came is free again', async () => {
  const stop = new AbortController();
  const { db } = t.database;
  const lossy = await t.elsewhere({
    db: brokenDatabase(db, 'findOneAndUpdate', ([filter, change, options]) =>
      db
        .collection('taskControl')
        .findOneAndUpdate(filter as object, change as object, options as object)
        .then(() => {
          stop.abort(new Error('no longer'));
          throw new MongoNetworkError('the reply is lost');
        }),
    ),
  });
  lossy.queue.declare(catalogForTests, {}, rates);
  await expect(lossy.queue.rate('never', 1, { signal: stop.signal })).rejects.toThrow('no longer');
  await t.queue.rate('never');
});

test('what cannot be granted is refused in words', async () => {
  await expect(t.queue.rate('stipe')).rejects.toThrow('rate: "stipe": the app has no such rate, did you mean stripe?');
  await expect(t.queue.rate('stripe', 4)).rejects.toThrow(
    'cost: 4 is more than stripe ever grants in one span (max: 3)',
  );
});

test('a handler of the testing executor takes from it, and its cancel ends the wait', async () => {
  await t.queue.rate('never');
  let reason: unknown;
  await t.role({
    ping: (_, { rate }) =>
      rate('never').catch(error => {
        reason = error;
        throw error;
      }),
    urgent: (_, { rate }) => rate('mails', 2),
    patient: hang,
  });
  const id = await t.queue.addTask({ taskType: 'ping' });
  await t.becomes(await t.queue.addTask({ taskType: 'urgent' }), 'done');
  await t.becomes(id, 'running');
  await t.queue.cancel(id);
  await t.becomes(id, 'cancelled');
  expect((reason as Error).message).toBe('cancelled');
});
