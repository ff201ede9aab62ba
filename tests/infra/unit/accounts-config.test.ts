import { AccountsConfig } from '../../../infra/node-host/shared/accounts-config';

const dayMs = 86_400_000;
const daysOf = (options: ConstructorParameters<typeof AccountsConfig>[0]) =>
  new AccountsConfig(options).loginLifetimeMs / dayMs;

describe('how long a login lasts', () => {
  test.each([
    [{}, 90],
    [{ loginExpirationInDays: undefined }, 90],
    [{ loginExpirationInDays: 5 }, 5],
    [{ loginExpirationInDays: null }, 36_500],
    [{ loginExpirationInDays: 5, loginExpiration: dayMs }, 1],
  ])('with %j', (options, days) => expect(daysOf(options)).toBe(days));

  test('counts from when the token was made', () => {
    const config = new AccountsConfig({ loginExpirationInDays: 2 });
    expect(config.tokenExpiration(new Date(0))).toEqual(new Date(2 * dayMs));
    expect(config.tokenExpiration(dayMs)).toEqual(new Date(3 * dayMs));
  });

  test('ends for a browser an hour early, and for short logins by a tenth', () => {
    const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    const long = new AccountsConfig();
    expect([long.expiresSoon(soon(59)), long.expiresSoon(String(soon(62)))]).toEqual([true, false]);
    const short = new AccountsConfig({ loginExpiration: 100 * 60_000 });
    expect([short.expiresSoon(soon(9)), short.expiresSoon(soon(11))]).toEqual([true, false]);
  });
});

test('links of mails last three days and thirty, or as the app says', () => {
  const config = new AccountsConfig();
  expect([config.resetLifetimeMs / dayMs, config.enrollLifetimeMs / dayMs]).toEqual([3, 30]);
  config.set({ passwordResetTokenExpirationInDays: 1, passwordEnrollTokenExpiration: 5 });
  expect([config.resetLifetimeMs / dayMs, config.enrollLifetimeMs]).toEqual([1, 5]);
});

test('an option that the host lacks is named, and the others count', () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => {});
  const config = new AccountsConfig({ oauthSecretKey: 'x', bcryptRounds: 12 } as object);
  expect(said).toHaveBeenCalledWith(expect.stringContaining('oauthSecretKey is not part of the Node host'));
  expect(config.bcryptRounds).toBe(12);
  said.mockRestore();
});

describe('the fields of a user by default', () => {
  const without = new AccountsConfig({ defaultFieldSelector: { big: 0 } });
  const only = new AccountsConfig({ defaultFieldSelector: { username: 1 } });

  test.each([
    ['nothing', {}, { fields: { big: 0 } }, { fields: { username: 1 } }],
    ['everything', { fields: {} }, { fields: {} }, { fields: {} }],
    ['a field', { fields: { a: 1 } }, { fields: { a: 1 } }, { fields: { a: 1 } }],
    ['all but a field', { fields: { a: 0 } }, { fields: { a: 0, big: 0 } }, { fields: { a: 0 } }],
  ])('where a query asks for %s', (_name, asked, left, included) => {
    expect(without.withDefaultFields(asked)).toEqual(left);
    expect(only.withDefaultFields(asked)).toEqual(included);
  });

  test('are all of them without that option', () => {
    expect(new AccountsConfig().withDefaultFields({ fields: { a: 0 } })).toEqual({ fields: { a: 0 } });
  });
});
