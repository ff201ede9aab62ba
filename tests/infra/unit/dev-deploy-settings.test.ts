import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsBetween, readRole } from '../../../infra/dev/deploy/settings-files';

const folder = mkdtempSync(join(tmpdir(), 'tandem-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = 'a-link-secret-that-nobody-must-ever-read';

const settingsOf = (runJobs: boolean) => ({
  runJobs,
  deploy: { host: runJobs ? 'jobs.example.com' : 'web.example.com' } as Record<string, unknown>,
  link: { secret } as Record<string, unknown>,
  queue: { signingKey: 's'.repeat(40) } as Record<string, unknown>,
  'galaxy.meteor.com': { env: { MONGO_URL: 'mongodb://db.example.com/app' } },
});

type SettingsFile = ReturnType<typeof settingsOf> & Record<string, unknown>;

/** All problems of good files after `spoil` has been at them. */
async function problemsAfter(
  spoil: (web: SettingsFile, jobs: SettingsFile, heavy: SettingsFile) => void,
): Promise<string[]> {
  const [web, jobs, heavy] = [false, true, true].map(settingsOf) as [SettingsFile, SettingsFile, SettingsFile];
  heavy.deploy.host = 'heavy.example.com';
  spoil(web, jobs, heavy);
  const written = Object.entries({ web, jobs, 'jobs-heavy': heavy }).map(([name, settings]) => {
    const settingsFile = `settings-${name}.json`;
    writeFileSync(join(folder, settingsFile), JSON.stringify(settings));
    return readRole({ name, kind: name === 'web' ? 'web' : 'jobs', settingsFile }, folder);
  });
  const files = await Promise.all(written);
  return [...files.flatMap(({ problems }) => problems), ...problemsBetween(files)];
}

test('good files have no problems', async () => {
  expect(await problemsAfter(() => {})).toEqual([]);
});

test.each<[string, (web: SettingsFile, jobs: SettingsFile, heavy: SettingsFile) => void, RegExp]>([
  ['swapped files', web => (web.runJobs = true), /runJobs: true, the web role needs false/],
  ['an unknown setting', web => (web.runJob = true), /settings-web\.json: runJob: .*did you mean runJobs/],
  ['another database', web => (web['galaxy.meteor.com'].env.MONGO_URL = 'mongodb://x/y'), /MONGO_URL: differs/],
  ['no database', web => (web['galaxy.meteor.com'] = {} as never), /MONGO_URL: unset/],
  ['another link secret', web => (web.link.secret = 'x'.repeat(40)), /link\.secret: differs/],
  ['another signing key', web => (web.queue.signingKey = 'x'.repeat(40)), /queue\.signingKey: differs/],
  [
    'one host for both',
    (web, jobs) => (web.deploy.host = jobs.deploy.host),
    /settings-web\.json and settings-jobs\.json both say jobs\.example\.com/,
  ],
  [
    'one host for two jobs roles',
    (_, jobs, heavy) => (heavy.deploy.host = jobs.deploy.host),
    /settings-jobs\.json and settings-jobs-heavy\.json both say jobs\.example\.com/,
  ],
  [
    'another signing key in a third file',
    (_web, _jobs, heavy) => (heavy.queue.signingKey = 'x'.repeat(40)),
    /^queue\.signingKey: differs between settings-web\.json and settings-jobs-heavy\.json$/,
  ],
  [
    'a third file that says it is a web role',
    (_w, _j, heavy) => (heavy.runJobs = false),
    /the jobs-heavy role needs true/,
  ],
  ['no host', web => delete web.deploy.host, /deploy\.host: unset/],
  ['a container size that Galaxy lacks', web => (web.deploy.containerSize = 'huge'), /deploy\.containerSize: "huge"/],
  ['too large a file', web => (web.public = { x: 'x'.repeat(33_000) }), /Galaxy takes less than 32000/],
  ['a secret that browsers get', web => (web.public = { a: secret }), /public: holds the value of link\.secret/],
  ["the template's own secret", web => (web.link.secret = `development-${secret}`), /link\.secret: the template's own/],
])('a deploy with %s is refused, and no secret is shown', async (_name, spoil, message) => {
  const problems = (await problemsAfter(spoil)).join('\n');
  expect(problems).toMatch(message);
  expect(problems).not.toContain(secret);
});

describe('a value that deploy.sh hands on is a plain word:', () => {
  const awkward = [
    'x\nweb_host[$(touch hacked)]=1',
    'x\rPATH=/nowhere',
    'x\u2028y\u001b[2J',
    '$(touch hacked)',
    '`touch hacked`',
    "'; touch hacked; '",
    'a b',
    '--help',
    '-',
    '',
    ' ',
    '.',
    'ä',
  ];

  test.each(['host', 'owner', 'plan', 'healthUrl'])('deploy.%s', async name => {
    for (const value of [...awkward, ...awkward.slice(0, 7).map(text => `https://${text}/healthz`)]) {
      const problems = await problemsAfter((_, jobs) => (jobs.deploy[name] = value));
      expect({ value, problems: problems.filter(line => line.includes(`deploy.${name}: `)) }).toEqual({
        value,
        problems: [expect.stringMatching(/settings-jobs\.json: deploy\.\w+: "[^\n\r\u2028]*" (is not|holds) /)],
      });
    }
  });

  test('and no plain one is refused', async () => {
    const good = {
      host: ['app', 'my-app.example.com', 'My-App.meteorapp.com', 'xn--bcher-kva.example'],
      owner: ['acme', 'a.b_c-d', 'me@example.com', 'a+b'],
      plan: ['professional', 'essentials'],
      healthUrl: ['https://a.example.com/healthz', 'http://127.0.0.1:3000/x/healthz?a=b&c=%20'],
    };
    for (const [name, values] of Object.entries(good))
      for (const value of values) expect(await problemsAfter((_, jobs) => (jobs.deploy[name] = value))).toEqual([]);
  });

  test('a health URL with a password in it is refused, and the password is not said', async () => {
    const problems = await problemsAfter((_, jobs) => (jobs.deploy.healthUrl = 'https://me:hush@a.example.com/'));
    expect(problems).toEqual([expect.stringMatching(/healthUrl: .*holds a name or a password/)]);
    expect(problems.join()).not.toContain('hush');
  });
});
