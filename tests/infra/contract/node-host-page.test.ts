import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { type TestDatabase, testDatabase } from '../../support/database';
import { bundle, type HostApp } from './ddp-truth/host';

const settings = { secret: 'not for browsers', public: { name: '</script><b>Tandem' } };

let folder: string;
let database: TestDatabase;
let app: HostApp;
let env: NodeJS.ProcessEnv;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-page-'));
  await write('client/main.js', 'console.log(1)');
  await write('client/main.css', 'body { color: red }');
  await write(
    'client/main.html',
    '<head>\n<title>Ours</title>\n</head>\n<body class="calm">\n<div id="app"></div>\n</body>',
  );
  await write('public/hello.txt', 'hello');
  await write('private/data/words.txt', 'ab');
  await write('secret.txt', 'secret');
  database = await testDatabase();
  app = await bundle('page');
  env = {
    TANDEM_CLIENT_DIR: join(folder, 'client'),
    TANDEM_PUBLIC_DIR: join(folder, 'public'),
    TANDEM_PRIVATE_DIR: join(folder, 'private'),
    METEOR_SETTINGS: JSON.stringify(settings),
  };
  url = (await app.start({ mongoUrl: database.url, env })).url;
});
afterAll(async () => {
  await app?.remove();
  await database?.drop();
  await rm(folder, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

const pageOf = async (path = '/', site = url) =>
  (await fetch(site + path, { headers: { accept: 'text/html' } })).text();

/** What a browser's global has after the script of the configuration has run. */
function configurationBy(script: string): Record<string, unknown> {
  const global: Record<string, unknown> = { decodeURIComponent, JSON };
  runInNewContext(script, global);
  return JSON.parse(JSON.stringify(global.__meteor_runtime_config__));
}

describe('the page', () => {
  test('is head and body of main.html, with the bundle linked by its hash', async () => {
    const page = await pageOf();
    expect(page).toMatch(/^<!DOCTYPE html>\n<html>\n<head>/);
    expect(page).toContain('<title>Ours</title>');
    expect(page).toContain('<body class="calm">\n<div id="app"></div>');
    expect(page).toMatch(/<link rel="stylesheet"[^>]* href="\/main\.css\?hash=[0-9a-f]{40}">/);
    expect(page).toMatch(/<script type="module" src="\/main\.js\?hash=[0-9a-f]{40}"><\/script>/);
  });

  test('is served wherever a browser goes', async () => {
    expect(await pageOf('/some/where?x=1')).toBe(await pageOf());
  });

  test('tells the browser the public settings and nothing else of them', async () => {
    const page = await pageOf();
    const [, script = ''] = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(page) ?? [];
    expect(configurationBy(script)).toMatchObject({ ROOT_URL: url, PUBLIC_SETTINGS: settings.public });
    expect(decodeURIComponent(page)).not.toContain('not for browsers');
  });

  test('holds no inline script where these are not allowed', async () => {
    const strict = { ...env, METEOR_SETTINGS: JSON.stringify({ ...settings, strict: true }) };
    const host = await app.start({ mongoUrl: database.url, env: strict });
    const page = await pageOf('/', host.url);
    expect(page).not.toMatch(/<script[^>]*>[^<]/);
    expect(page).toContain('<script type="text/javascript" src="/meteor_runtime_config.js"></script>');
    const script = await fetch(`${host.url}/meteor_runtime_config.js`);
    expect(script.headers.get('content-type')).toMatch(/javascript/);
    expect(configurationBy(await script.text())).toMatchObject({ PUBLIC_SETTINGS: settings.public });
  });

  test('is the new one as soon as the bundle is', async () => {
    const before = await pageOf();
    await write('client/main.js', 'console.log(2)');
    const after = await pageOf();
    expect(after).not.toBe(before);
    const [path = ''] = /\/main\.js\?hash=\w+/.exec(after) ?? [];
    expect(await (await fetch(url + path)).text()).toBe('console.log(2)');
  });

  test.each(['/favicon.ico', '/robots.txt'])('is not what comes for %s', async path => {
    expect((await fetch(url + path)).status).toBe(404);
  });

  test('is not for those who want something else, nor for other methods', async () => {
    expect((await fetch(`${url}/x.png`, { headers: { accept: 'image/png' } })).status).toBe(404);
    const posted = await fetch(url, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'OPTIONS, GET, HEAD']);
  });
});

describe('files', () => {
  test('are kept by browsers where their address has their hash, and asked for again where not', async () => {
    const cache = async (path: string) => (await fetch(url + path)).headers.get('cache-control');
    expect(await cache('/main.css?hash=abc')).toBe('public, max-age=31536000, immutable');
    expect(await cache('/main.css')).toBe('no-cache');
    expect(await cache('/hello.txt')).toBe('no-cache');
  });

  test("of the page's bundle are compressed for those who take that, the newest version each time", async () => {
    for (const text of ['console.log(3)', 'console.log(4)']) {
      await write('client/main.js', text);
      const response = await fetch(`${url}/main.js?hash=abc`, { headers: { 'accept-encoding': 'gzip' } });
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(response.headers.get('content-type')).toMatch(/javascript/);
      expect(await response.text()).toBe(text);
    }
    const plain = await fetch(`${url}/main.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await pageOf()).not.toContain('__development');
  });

  test('of public/ are served', async () => {
    expect(await (await fetch(`${url}/hello.txt`)).text()).toBe('hello');
  });

  test('outside of their folders are not', async () => {
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt'])
      expect(await (await fetch(url + path)).text()).not.toBe('secret');
  });

  test('of private/ are assets', async () => {
    expect(await (await fetch(`${url}/asset`)).json()).toEqual({
      path: join(folder, 'private/data/words.txt'),
      text: 'ab',
      bytes: [97, 98],
      unknown: 'Unknown asset: ../secret.txt',
    });
  });
});

describe('handlers', () => {
  test('come before the page', async () => {
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${url}/api/x?y=1`, { method: 'PUT' })).text()).toBe('PUT /x?y=1');
  });

  test('that are raw come before everything, files and page included', async () => {
    for (const path of ['/', '/main.css', '/hello.txt', '/healthz', '/favicon.ico'])
      expect((await fetch(url + path)).headers.get('x-raw')).toBe('yes');
  });
});
