import { withoutSecrets } from '../../../infra/database';
import { answers } from '../../../infra/dev/database/ping';

/** The address of the database is no setting, but the greatest secret that a role has. */
describe('the address of the database, as a message shows it', () => {
  test.each([
    ['mongodb://user:hunter2@db:1/app', 'mongodb://db:1/app'],
    ['mongodb://user:hunt@er2@db:1/app', 'mongodb://db:1/app'],
    ['mongodb://user:hunt/er2@db:1/app', 'mongodb://db:1/app'],
    ['mongodb://user:hunt?er2@db:1/app', 'mongodb://db:1/app'],
    ['mongodb:/user:hunter2@db/app', 'mongodb:/db/app'],
    ['user:hunter2@db/app', 'user:db/app'],
    ['mongodb+srv://user:hunter2@db/app?retryWrites=true', 'mongodb+srv://db/app'],
    ['mongodb://db/app?proxyPassword=hunter2', 'mongodb://db/app'],
    ['mongodb://db/app', 'mongodb://db/app'],
  ])('%s is %s', (url, shown) => {
    expect(withoutSecrets(url)).toBe(shown);
  });

  test('hides its password where `npm start` finds no database, however badly it was escaped', async () => {
    const refused = answers('mongodb://me:hunt@er2@127.0.0.1:1/x', 500).catch(error => String(error.message));
    expect(await refused).toMatch(/^No database answers at mongodb:\/\/me:…@127\.0\.0\.1:1\/x: /);
    expect(await refused).not.toContain('er2');
  });
});
