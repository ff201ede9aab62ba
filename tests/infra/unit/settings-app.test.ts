import type { AppSettings, HandlerSettingsOf } from '../../../infra/settings';
import {
  count,
  defineSettings,
  fillSettings,
  group,
  handlerSettings,
  ignoredSecrets,
  load,
  redact,
  SettingsError,
  secret,
  text,
  treeOf,
} from '../../../infra/settings';

const tree = {
  stripe: group(
    'Payments.',
    { secretKey: secret('Key.', { min: 16 }), tries: count('Tries.', 3, { min: 1, max: 9 }) },
    {
      forHandlers: true,
    },
  ),
  shop: group('The shop.', { city: text('Where.', 'Berlin') }),
} as const;
const key = 'sk_test_0123456789abcdef';

function read(raw: object, production = false) {
  const settings = defineSettings(tree);
  fillSettings(settings, load(raw, { production, app: treeOf(settings) }) as never);
  return settings;
}

function problemsOf(raw: object): readonly string[] {
  try {
    load(raw, { production: false, app: treeOf(defineSettings(tree)) });
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
}

describe("the app's own settings", () => {
  test('are checked, filled with their defaults, and read by their names', () => {
    const settings = read({ stripe: { secretKey: key } });
    expect(settings.stripe).toEqual({ secretKey: key, tries: 3 });
    expect(settings.shop.city).toBe('Berlin');
  });

  test('give the same messages as those of the template', () => {
    expect(problemsOf({ stripe: { secretkey: key, tries: 0 }, shopp: {} })).toEqual(
      expect.arrayContaining([
        'stripe.secretkey: unknown setting, did you mean stripe.secretKey?',
        'stripe.tries: 0 is below 1',
        'shopp: unknown setting, did you mean shop?',
      ]),
    );
    expect(problemsOf({ stripe: { secretKey: 'short' } })).toEqual([
      'stripe.secretKey: (secret) is shorter than 16 characters',
    ]);
    expect(problemsOf({ stripe: { secretKey: ` ${key}` } })).toEqual([
      'stripe.secretKey: (secret) begins or ends with a space',
    ]);
  });

  test('never reach the browser, a log, or production with a secret that everybody knows', () => {
    expect(problemsOf({ stripe: { secretKey: key }, public: { key } })).toEqual([
      expect.stringContaining('public: holds the value of stripe.secretKey'),
    ]);
    const app = treeOf(defineSettings(tree));
    expect(JSON.stringify(redact(load({ stripe: { secretKey: key } }, { production: false, app })))).not.toContain(
      'stripe',
    );
    const known = { runJobs: true, stripe: { secretKey: 'development-key-of-all' } };
    expect(ignoredSecrets(known, { production: true, app })).toEqual(['stripe.secretKey']);
    expect(read(known, true).stripe.secretKey).toBeUndefined();
  });

  test('can be read when the role has started, not before', () => {
    expect(() => defineSettings(tree).shop).toThrow('settings.shop: the role has not read its settings yet');
  });

  test('reach handlers by the groups that are marked, and by no other', () => {
    const settings = read({ stripe: { secretKey: key } });
    expect(handlerSettings(settings)).toEqual({ stripe: { secretKey: key, tries: 3 } });
    const forHandlers: HandlerSettingsOf<AppSettings<typeof tree>> = { stripe: { secretKey: key, tries: 3 } };
    // @ts-expect-error: shop is not marked
    expect(forHandlers.shop).toBeUndefined();
  });

  test('refuse names of the template, and marks that would do nothing', () => {
    const taken = { queue: group('Mine.', {}), constructor: text('Mine.', '') };
    expect(() => defineSettings(taken as never)).toThrow(/queue: the template has[\s\S]*constructor: the template has/);
    const nested = { a: group('A.', { b: group('B.', {}, { forHandlers: true }) }) };
    expect(() => defineSettings(nested)).toThrow('a.b: forHandlers: only a group at the top');
  });

  test('may say what public holds', () => {
    const settings = defineSettings({ public: group('For the browser.', { title: text('Title.', 'Shop') }) });
    const app = treeOf(settings);
    expect(load({}, { production: false, app }).public).toEqual({ title: 'Shop' });
    expect(() => load({ public: { titel: 'x' } }, { production: false, app })).toThrow('did you mean public.title?');
  });
});

describe('workers.env', () => {
  test('takes names of variables, and not the one that holds every secret', () => {
    expect(load({ workers: { env: ['HTTPS_PROXY', 'MAIL_URL'] } }, { production: false }).workers.env).toHaveLength(2);
    expect(() => load({ workers: { env: ['A=B'] } }, { production: false })).toThrow(
      'workers.env: "A=B" is not the name',
    );
    expect(() => load({ workers: { env: 'METEOR_SETTINGS' } }, { production: false })).toThrow(SettingsError);
  });
});
