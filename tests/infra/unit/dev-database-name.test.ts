import { databaseNameOf } from '../../../infra/dev/database/database-name';
import { appNameOf } from '../../../infra/dev/init/identity';

describe('the database of a package', () => {
  test.each([
    ['my-app', 'my-app'],
    ['@acme/shop', 'acme-shop'],
    ['shop.example.com', 'shop-example-com'],
    ['web_shop', 'web_shop'],
    ['a?b#c%d', 'a-b-c-d'],
    ['x'.repeat(70), 'x'.repeat(63)],
    ['admin', 'admin-app'],
    ['Local', 'Local-app'],
    ['config', 'config-app'],
  ])('of %p is %p', (packageName, database) => expect(databaseNameOf(packageName)).toBe(database));
});

describe('the name of an app', () => {
  test('is for people and for programs', () =>
    expect(appNameOf(['my-app'])).toEqual({ name: 'my-app', title: 'My App' }));

  test.each(['admin', 'local', 'config'])('is not %p, a database of MongoDB itself', name =>
    expect(() => appNameOf([name])).toThrow(
      `name: "${name}" is a database of MongoDB itself, and the app's database has the app's name. Try: npm run init -- my-app`,
    ),
  );
});
