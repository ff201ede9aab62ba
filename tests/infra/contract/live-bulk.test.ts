import { ChangeFeed } from '../../../infra/node-host/live/change-feed';
import { StaleDocuments, type Touched } from '../../../infra/node-host/live/stale-documents';
import { mongoClient } from '../../../infra/node-host/mongo/connection';
import type { Id } from '../../../infra/node-host/mongo/selector';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';

const bulk = 5_000;

describe('a bulk of writes by another program', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    process.env.MONGO_URL = database.url;
  });
  afterAll(async () => {
    await mongoClient().close();
    await database.drop();
  });

  test('is told together, not one by one', async () => {
    const told: Touched[] = [];
    const feed = new ChangeFeed('notes', touched => told.push(touched));
    await feed.start();
    const documents = Array.from({ length: bulk }, (_, n) => ({ _id: `${n}` as never }));
    await database.db.collection('notes').insertMany(documents);
    await eventually(() => told.flat().length === bulk);
    expect(new Set(told.flat()).size).toBe(bulk);
    expect(told.length).toBeLessThan(bulk / 2);
    await feed.stop();
  });
});

describe('what a live query has to look at again', () => {
  const ids = Array.from({ length: bulk }, (_, n) => `${n}`);
  const noted = (whole: boolean, selector = {}) => {
    const stale = new StaleDocuments(selector, whole);
    for (const id of ids) stale.note([id]);
    return stale.take();
  };

  test('is each document, as long as these are few', () => {
    const stale = new StaleDocuments({}, false);
    stale.note(['a', 'b']);
    stale.note(['b']);
    expect([...(stale.take() as Map<string, Id>).values()]).toEqual(['a', 'b']);
    expect(stale.isEmpty).toBe(true);
  });

  test('is everything after a bulk, however it came', () => {
    expect(noted(false)).toBe('everything');
  });

  test('is everything at once where a query has an order or bounds', () => {
    const stale = new StaleDocuments({}, true);
    stale.note(['a']);
    expect(stale.take()).toBe('everything');
  });

  test('is nothing where the query names other documents', () => {
    expect(noted(true, { _id: 'other' })).toEqual(new Map());
    expect(noted(false, { _id: 'other' })).toEqual(new Map());
  });
});
