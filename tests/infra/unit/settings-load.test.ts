import { readFileSync } from 'node:fs';
import { settings } from '../../../imports/settings';
import { ignoredSecrets, load, redact, roleOf, SettingsError, treeOf } from '../../../infra/settings';
import { settingsPage } from '../../../infra/settings/page';

const development = { production: false };
const production = { production: true };
const key = 'a-key-that-is-long-enough-for-it-32';

function problemsOf(raw: unknown, options = development): readonly string[] {
  try {
    load(raw, options);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  test('fill in every default', () => {
    const settings = load({}, development);
    expect(settings.queue.refreshRate).toBe(1_000);
    expect(settings.workers.enabled).toBe(true);
    expect(settings.workers.count).toBeUndefined();
    expect(settings.public).toEqual({});
  });

  test.each([
    [{ runJob: true }, 'runJob: unknown setting, did you mean runJobs?'],
    [{ queue: { refreshrate: 5 } }, 'queue.refreshrate: unknown setting, did you mean queue.refreshRate?'],
    [{ refreshRate: 5 }, 'refreshRate: unknown setting, did you mean queue.refreshRate?'],
    [{ Queue: {} }, 'Queue: unknown setting, did you mean queue?'],
    [{ xyzzyplugh: 1 }, 'xyzzyplugh: unknown setting; docs/settings.md lists all of them'],
    [{ runJobs: 'yes' }, 'runJobs: "yes" is not true or false'],
    [{ queue: 3 }, 'queue: (secret) is not an object'],
    [JSON.parse('{"__proto__": {}}'), '__proto__: unknown setting; docs/settings.md lists all of them'],
    [{ $: '' }, '$: unknown setting; docs/settings.md lists all of them'],
    [{ workers: { niceness: 10n } }, 'workers.niceness: 10n is not a whole number'],
    [
      { workers: { keepAlive: 2n ** 70n } },
      "workers.keepAlive: a bigint of more than 64 bits is not 'always' or a whole number of ms from 0 to 86400000",
    ],
    [{ constructor: {} }, 'constructor: unknown setting; docs/settings.md lists all of them'],
    [{ queue: { refreshRate: -1 } }, 'queue.refreshRate: -1 is below 50 ms'],
    [{ queue: { refreshRate: 1_000.5 } }, 'queue.refreshRate: 1000.5 is not a whole number'],
    [{ queue: { refreshRate: '5' } }, 'queue.refreshRate: "5" is not a whole number'],
    [{ workers: { niceness: 20 } }, 'workers.niceness: 20 is above 19'],
    [{ workers: { keepAlive: 'allways' } }, 'workers.keepAlive: "allways" is not one of always, did you mean always?'],
    [
      { workers: { keepAlive: -4 } },
      "workers.keepAlive: -4 is not 'always' or a whole number of ms from 0 to 86400000",
    ],
    [{ overload: { cpu: 2 } }, 'overload.cpu: 2 is not a number from 0 to 1'],
    [{ log: { format: 'jsn' } }, 'log.format: "jsn" is not one of readable, json, did you mean json?'],
    [{ link: { url: 'ftp://jobs' } }, 'link.url: "ftp://jobs" is not a URL that begins with http:// or https://'],
    [{ link: { url: ['http://jobs', 3] } }, 'link.url.1: 3 is not a text'],
    [{ link: { url: ['http://jobs', null] } }, 'link.url.1: null is not a text'],
    [{ workers: { env: [undefined] } }, 'workers.env.0: undefined is not a text'],
    [{ queue: { signingKey: [null] } }, 'queue.signingKey.0: (secret) is not a text'],
    [{ console: { operatorToken: [key, null] } }, 'console.operatorToken.1: (secret) is not a text'],
    [{ console: { operators: [null] } }, 'console.operators.0: (secret) is not an object'],
    [
      { link: { url: 'http://me:hunter2@jobs' } },
      'link.url: holds a name or a password, and the log shows it; link.secret is the proof',
    ],
    [{ link: { secret: `${key} ` } }, 'link.secret: (secret) begins or ends with a space'],
    [
      { queue: { heartbeatMs: 20_000 } },
      'queue.heartbeatMs: 20000 is above a third of queue.leaseMs (30000): a late heartbeat would lose running tasks',
    ],
    [[], 'settings: a list is not an object'],
    ['text', 'settings: a text is not an object'],
  ])('%p is refused: %s', (raw, problem) => {
    expect(problemsOf(raw)).toEqual([problem]);
  });

  test('report all problems at once', () => {
    expect(
      problemsOf({ runJob: true, log: { level: 'loud' }, queue: { batch: 0, singingKey: key, heartbeatMs: 20_000 } }),
    ).toEqual([
      'runJob: unknown setting, did you mean runJobs?',
      expect.stringContaining('log.level: "loud" is not one of debug, info, warn, error'),
      'queue.batch: 0 is below 1',
      'queue.singingKey: unknown setting, did you mean queue.signingKey?',
      expect.stringMatching(/^queue.heartbeatMs: 20000 is above a third/),
    ]);
  });

  test('never show the value of a secret in a message', () => {
    const problems = problemsOf({ link: { secret: 'hunter2' }, console: { operatorToken: ['hunter2'] } });
    expect(problems).toEqual([
      'link.secret: (secret) is shorter than 32 characters',
      'console.operatorToken.0: (secret) is shorter than 16 characters',
    ]);
  });

  test('know operators by name, token and role, and tell what is wrong with one without its token', () => {
    const ada = { name: 'Ada', token: 'a token of sixteen', role: 'viewer' };
    expect(load({ console: { operators: ada } }, development).console.operators).toEqual([ada]);
    const problems = problemsOf({
      console: {
        operatorToken: 'the single token of all',
        operators: [
          { name: 'Bob', token: 'hunter2', role: 'owner' },
          { name: '', token: 'another token of 16', rle: 'admin' },
          'hunter2',
        ],
      },
    });
    expect(problems).toEqual([
      'console.operators.0.token: (secret) is shorter than 16 characters',
      'console.operators.0.role: (secret) is not one of viewer, operator, admin',
      'console.operators.1.name: (secret) is shorter than 1 characters',
      'console.operators.1.rle: unknown setting, did you mean role?',
      'console.operators.1.role: missing',
      'console.operators.2: (secret) is not an object',
    ]);
  });

  test('want each operator to have a name and a token of its own', () => {
    const [first, second] = ['a token of sixteen', 'a token of 16 more'];
    const operators = [
      { name: 'Ada', token: first, role: 'viewer' },
      { name: 'Ada', token: first, role: 'admin' },
      { name: 'operator', token: second, role: 'admin' },
    ];
    expect(problemsOf({ console: { operators, operatorToken: second } })).toEqual([
      'console.operators.1.name: "Ada" is the name of another operator',
      expect.stringMatching(/^console.operators.1.token: \(secret\) is somebody else's as well/),
      expect.stringMatching(
        /^console.operators.2.name: "operator" is what the holder of console.operatorToken is called/,
      ),
      expect.stringMatching(/^console.operators.2.token: \(secret\) is somebody else's as well/),
    ]);
    expect(problemsOf({ console: { operators: [{ name: 'Ada', token: ` ${first}`, role: 'viewer' }] } })).toEqual([
      'console.operators.0.token: (secret) begins or ends with a space',
    ]);
    const leaked = { console: { operators: [operators[0]] }, public: { hint: first } };
    expect(problemsOf(leaked)).toEqual([
      'public: holds the value of console.operators.0.token, and every browser receives it',
    ]);
  });

  test('ignore operators with a token of the template in production, and print none', () => {
    const operators = [
      { name: 'Ada', token: 'development-operator', role: 'admin' },
      { name: 'Bob', token: 'a token of sixteen', role: 'viewer' },
    ];
    const raw = { runJobs: false, console: { operators } };
    expect(ignoredSecrets(raw, production)).toEqual(['console.operators']);
    const settings = load(raw, production);
    expect(settings.console.operators.map(({ name }) => name)).toEqual(['Bob']);
    expect(JSON.stringify(redact(settings))).not.toMatch(/sixteen|development-/);
  });

  test.each([
    [JSON.stringify({ link: { secret: 'hunter2' } })], // quoted once too often
    [{ link: 'hunter2' }],
    [{ queue: ['hunter2'] }],
    [{ queue: { signingKey: { first: 'hunter2' } } }],
  ])('never show what may be a secret in the wrong place: %j', raw => {
    expect(problemsOf(raw).join()).toMatch(/not an? (object|text)/);
    expect(problemsOf(raw).join()).not.toContain('hunter2');
  });

  test('print redacted', () => {
    const settings = load(
      { link: { secret: key }, queue: { signingKey: key }, 'galaxy.meteor.com': { env: { MONGO_URL: key } } },
      development,
    );
    expect(JSON.stringify(redact(settings))).not.toContain(key);
    expect(redact(settings)).toMatchObject({ link: { secret: '(secret)' }, queue: { batch: 500 } });
  });

  test('take one value or a list where a list is meant', () => {
    expect(load({ queue: { signingKey: key } }, development).queue.signingKey).toEqual([key]);
    expect(load({ link: { url: ['http://a', 'http://b'] } }, development).link.url).toEqual(['http://a', 'http://b']);
  });

  test('hand on what belongs to others', () => {
    const raw = { 'galaxy.meteor.com': { env: { A: '1' } }, monti: { appId: 'x' }, packages: { p: { q: 1 } } };
    expect(load(raw, development)).toMatchObject(raw);
  });

  test('refuse a secret in public, since every browser receives that', () => {
    expect(problemsOf({ link: { secret: key }, public: { deep: [key] } })).toEqual([
      'public: holds the value of link.secret, and every browser receives it',
    ]);
  });

  test('need runJobs in production, and obey it wherever it is set', () => {
    expect(problemsOf({}, production)).toEqual([
      'runJobs: unset; production needs true (the jobs role) or false (the web role)',
    ]);
    expect(roleOf(load({}, development))).toBe('both');
    expect(roleOf(load({ runJobs: false }, development))).toBe('web');
    expect(roleOf(load({ runJobs: true }, production))).toBe('jobs');
  });

  test("count the template's own secrets as unset in production, and name them", () => {
    const raw = {
      runJobs: true,
      link: { secret: `development-${key}` },
      queue: { signingKey: [`development-${key}`, key] },
    };
    expect(load(raw, development).link.secret).toBe(raw.link.secret);
    expect(ignoredSecrets(raw, development)).toEqual([]);
    expect(load(raw, production)).toMatchObject({ link: { secret: undefined }, queue: { signingKey: [key] } });
    expect(ignoredSecrets(raw, production)).toEqual(['queue.signingKey', 'link.secret']);
  });

  test.each([
    ['settings-web.json', 'web'],
    ['settings-jobs.json', 'jobs'],
  ])('%s is valid and makes the %s role', (file, role) => {
    expect(roleOf(load(JSON.parse(readFileSync(file, 'utf8')), development))).toBe(role);
  });

  test('docs/settings.md is what the schema says (npm run docs:settings)', () => {
    expect(readFileSync('docs/settings.md', 'utf8')).toBe(settingsPage(treeOf(settings)));
  });
});
