import { Audit } from '../../../infra/console/audit';
import { findOperatorBy } from '../../../infra/console/operators';
import { type TestDatabase, testDatabase } from '../../support/database';
import { readsOf } from '../../support/reads';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('the record of what operators did comes 200 at a time, newest first, by an index', async () => {
  const audit = new Audit(database.db, 30);
  await audit.ensureIndexes();
  const by = { name: 'Ada', role: 'admin' as const };
  for (let n = 0; n < 205; n++)
    await audit.add({ action: 'retry', outcome: 'done', by, target: { taskId: `t${n}` }, count: n });
  const seen: number[] = [];
  const reads = await readsOf(database.db, async () => {
    const first = await audit.list();
    const second = await audit.list(first.next);
    expect([first.records.length, second.records.length, second.next]).toEqual([200, 5, undefined]);
    seen.push(...[...first.records, ...second.records].map(({ count }) => count));
  });
  expect(new Set(seen).size).toBe(205);
  for (const { docsExamined, plan } of reads) {
    expect(plan).toBe('IXSCAN { at: -1, _id: -1 }');
    expect(docsExamined).toBeLessThanOrEqual(201);
  }
  const [record] = await database.db.collection('operatorActions').find().limit(1).toArray();
  expect(record?.expiresAt.getTime() - record?.at.getTime()).toBe(30 * 86_400_000);
});

test('what had begun is recorded as done, or as failed with its reason, which may not be endless', async () => {
  const audit = new Audit(database.db, 1);
  await database.db.collection('operatorActions').deleteMany({});
  await audit.end(await audit.add({ action: 'retry', outcome: 'begun' }), 'failed', 'x'.repeat(5_000));
  const { records } = await audit.list();
  expect(records).toMatchObject([{ outcome: 'failed', count: 1, why: expect.stringMatching(/^x{900,}/) }]);
  expect(records[0]?.why?.length).toBeLessThanOrEqual(1_000);
});

test.each([
  [true, 'operator'],
  ['viewer', 'viewer'],
  ['admin', 'admin'],
  [false, undefined],
  ['owner', undefined],
  [{ role: 'admin', name: 'Ada' }, 'admin', 'Ada'],
  [{ role: 'admin' }, undefined],
  [{ role: 'owner', name: 'Ada' }, undefined],
  [{ role: 'admin', name: 7 }, undefined],
  [null, undefined],
  [undefined, undefined],
])('where the app says %j of a user, the role is %j', async (answer, role, name = 'ada') => {
  const sessions = { operatorOf: async () => undefined };
  const found = await findOperatorBy(sessions, async () => answer as never)('ada');
  expect(found && [found.role, found.name, found.userId]).toEqual(role && [role, name, 'ada']);
  expect(await findOperatorBy(sessions, async () => answer as never)(null)).toBeUndefined();
});
