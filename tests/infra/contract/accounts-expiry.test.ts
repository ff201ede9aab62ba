import { removeExpired } from '../../../infra/node-host/accounts/login-token';
import { mongoClient } from '../../../infra/node-host/mongo/connection';
import { AccountsConfig } from '../../../infra/node-host/shared/accounts-config';
import { type TestDatabase, testDatabase } from '../../support/database';

const dayMs = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * dayMs);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  process.env.MONGO_URL = database.url;
});
afterAll(async () => {
  await mongoClient().close();
  await database.drop();
});

const link = (days: number) => ({ token: `of ${days} days`, email: 'a@x.org', when: ago(days) });

test('tokens go when their time is over, and no others', async () => {
  const config = new AccountsConfig({ loginExpirationInDays: 10, passwordEnrollTokenExpirationInDays: 5 });
  const [expired, valid] = [11, 9].map(days => ({ hashedToken: `of ${days} days`, when: ago(days) }));
  const young = { reset: link(2), enroll: link(4.9), bcrypt: 'stays' };
  const users = database.db.collection('users');
  await users.insertMany([
    { services: { resume: { loginTokens: [expired, valid] }, password: { reset: link(4), enroll: link(6) } } },
    { services: { password: young } },
  ]);
  await removeExpired(config);
  expect((await users.find().toArray()).map(({ services }) => services)).toEqual([
    { resume: { loginTokens: [valid] }, password: {} },
    { password: young },
  ]);
});
