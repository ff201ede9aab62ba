import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsOfPair, readRole } from '../../../infra/dev/deploy/settings-pair';

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

/** All problems of a good pair after `spoil` has been at it. */
async function problemsAfter(spoil: (web: SettingsFile, jobs: SettingsFile) => void): Promise<string[]> {
  const files = { web: settingsOf(false) as SettingsFile, jobs: settingsOf(true) as SettingsFile };
  spoil(files.web, files.jobs);
  const written = (['web', 'jobs'] as const).map(role => {
    const file = join(folder, `settings-${role}.json`);
    writeFileSync(file, JSON.stringify(files[role]));
    return readRole(role, file);
  });
  const [web, jobs] = await Promise.all(written);
  return [...web!.problems, ...jobs!.problems, ...problemsOfPair(web!, jobs!)];
}

test('a good pair has no problems', async () => {
  expect(await problemsAfter(() => {})).toEqual([]);
});

test.each<[string, (web: SettingsFile, jobs: SettingsFile) => void, RegExp]>([
  ['swapped files', web => (web.runJobs = true), /runJobs: true, the web role needs false/],
  ['an unknown setting', web => (web.runJob = true), /settings-web\.json: runJob: .*did you mean runJobs/],
  ['another database', web => (web['galaxy.meteor.com'].env.MONGO_URL = 'mongodb://x/y'), /MONGO_URL: differs/],
  ['no database', web => (web['galaxy.meteor.com'] = {} as never), /MONGO_URL: unset/],
  ['another link secret', web => (web.link.secret = 'x'.repeat(40)), /link\.secret: differs/],
  ['another signing key', web => (web.queue.signingKey = 'x'.repeat(40)), /queue\.signingKey: differs/],
  ['one host for both', (web, jobs) => (web.deploy.host = jobs.deploy.host), /both files say jobs\.example\.com/],
  ['no host', web => delete web.deploy.host, /deploy\.host: unset/],
  ['a container size that Galaxy lacks', web => (web.deploy.containerSize = 'huge'), /deploy\.containerSize: "huge"/],
  ['too large a file', web => (web.public = { x: 'x'.repeat(33_000) }), /Galaxy takes less than 32000/],
  ['a secret that browsers get', web => (web.public = { a: secret }), /public: holds the value of link\.secret/],
  ["the template's own secret", web => (web.link.secret = `development-${secret}`), /link\.secret: the template's own/],
])('a pair with %s is refused, and no secret is shown', async (_name, spoil, message) => {
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
