import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import SimpleDDP from 'simpleddp';
import WebSocket from 'ws';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import { dropFiles, eventuallySays, fill, openPage, type VisitorPage } from '../support/page';
import { startRoles, type TestRoles } from '../support/roles';

jest.setTimeout(180_000);

/** On a machine that runs other tests too, polite workers would hardly get a turn. */
const eager = { workers: { niceness: 0 } };

let roles: TestRoles;
let browser: Browser;
let visitor: VisitorPage;
let page: Page;
let folder: string;

beforeAll(async () => {
  [roles, browser] = await Promise.all([startRoles({ settings: { jobs: eager } }), launchBrowser()]);
  folder = await mkdtemp(join(tmpdir(), 'tandem-bad-'));
  visitor = await openPage(browser, roles.webUrl);
  page = visitor.page;
});
afterAll(async () => {
  await browser?.close();
  await roles?.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const url of [roles.webUrl, roles.jobsUrl]) expect((await fetch(new URL('/healthz', url))).status).toBe(200);
});

const photo = readFileSync(join(__dirname, '../fixtures/photo.jpg'));
const websocket = () => `${roles.webUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/websocket`;

async function file(name: string, bytes: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('in the page', () => {
  test.each([
    ['-1', '-1'],
    ['0', '0'],
    ['1000000000', '1,000,000,000'],
    ['1.5', '1.5'],
    ['', 'that'],
  ])('a report of %p rows is refused beside the field', async (typed, shown) => {
    await fill(page, 'input[name=rows]', typed);
    await page.click('.report-form button[type=submit]');
    const words = new RegExp(`whole number from 1 to 200,000, not ${shown}\\.`);
    await eventuallySays(page, '.report-form .problem', words);
    expect(await page.$eval('input[name=rows]', field => field.getAttribute('aria-invalid'))).toBe('true');
    expect(await page.$('.report')).toBeNull();
  });

  test('a photo of 30 MB is refused before it is sent', async () => {
    await dropFiles(page, '.drop', [await file('huge.jpg', Buffer.concat([photo, Buffer.alloc(30_000_000)]))]);
    await eventuallySays(page, '.uploads .problem', /huge\.jpg has 30\.2 MB; 15 MB is the most/);
    await page.click('.uploads .problem button');
    expect(await page.$('.uploads .problem')).toBeNull();
  });

  test('a text named .jpg is refused', async () => {
    await dropFiles(page, '.drop', [await file('letter.jpg', 'Dear Sir or Madam')]);
    await eventuallySays(page, '.uploads .problem', /letter\.jpg is neither a JPEG nor a PNG/);
    await page.click('.uploads .problem button');
  });

  test('a photo that is cut off says so where its thumbnails would be', async () => {
    await dropFiles(page, '.drop', [await file('half.jpg', photo.subarray(0, 90_000))]);
    await page.waitForSelector('.picture[data-state=failed]', { timeout: 90_000 });
    await eventuallySays(page, '.picture .is-bad', /This picture is cut off/);
    await page.click('.picture button.plain');
    await eventually(async () => (await page.$('.picture')) === null);
  });
});

describe('over HTTP', () => {
  let cookie: string;
  beforeAll(async () => {
    const sender = await ForeignClient.visitor(roles.webUrl);
    cookie = sender.cookie;
    sender.client.close();
  });

  async function upload(bytes: Buffer, headers: Record<string, string> = { cookie }) {
    const body = new FormData();
    body.append('photo', new Blob([new Uint8Array(bytes)]), 'x.jpg');
    const response = await fetch(new URL('/upload/pictures', roles.webUrl), { method: 'POST', body, headers });
    return { status: response.status, ...((await response.json()) as { error: string; reason: string }) };
  }

  test('30 MB are refused with a reason', async () => {
    const refusal = await upload(Buffer.concat([photo, Buffer.alloc(30_000_000)]));
    expect(refusal).toMatchObject({ status: 413, error: expect.any(String), reason: expect.any(String) });
  });

  test('a text is refused with a reason', async () => {
    expect(await upload(Buffer.from('Dear Sir or Madam'))).toMatchObject({ status: 415, error: 'not-a-picture' });
  });

  test('an upload of nobody is refused', async () => {
    expect(await upload(photo, {})).toMatchObject({ status: 401, error: 'no-visitor' });
  });

  test.each(['nothing', '..%2f..%2fetc%2fpasswd', '%00', '$ne'])('a file named %p is not there', async id => {
    const response = await fetch(`${roles.webUrl.replace(/\/$/, '')}/files/${id}`, { headers: { cookie } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: 'not-found' });
  });
});

describe('over DDP', () => {
  let ddp: SimpleDDP;
  let entry: readonly [string, unknown];

  beforeAll(async () => {
    ddp = new SimpleDDP({ endpoint: websocket(), SocketConstructor: WebSocket, reconnectInterval: 1_000 });
    await ddp.connect();
    const visitor = await ForeignClient.visitor(roles.webUrl);
    visitor.client.close();
    entry = visitor.entry;
    await ddp.call(...entry);
  });
  afterAll(() => ddp.disconnect());

  const refusal = (method: string, ...args: unknown[]) =>
    ddp.call(method, ...args).then(
      () => undefined,
      (error: { error: unknown; reason?: string }) => `${error.error}: ${error.reason}`,
    );

  test.each([
    ['reports.build', { rows: -1 }, /bad-input: Rows must be a whole number from 1 to 200,000, not -1\./],
    ['reports.build', { rows: 1e9 }, /bad-input: Rows must be .* not 1,000,000,000\./],
    ['reports.build', { rows: '5' }, /bad-input: .*number/i],
    ['reports.build', { rows: 5, owner: 'somebody' }, /bad-input: .*owner/],
    ['reports.build', undefined, /bad-input: /],
    ['reports.remove', { $ne: '' }, /bad-input: .*string/i],
    ['tasks.cancel', 'not mine', /not-found: There is no such task of yours/],
    ['pictures.remove', 'not mine', /not-found: There is no such picture of yours/],
    ['burn.start', { seconds: 1e6, tasks: 4 }, /bad-input: seconds: 1000000 /],
    ['burn.start', { seconds: 1, tasks: 1e6 }, /bad-input: tasks: 1000000 /],
    ['visitors.enter', 'me', /bad-input: the token/],
    ['no.such.method', 1, /404: Method 'no\.such\.method' not found/],
  ])('%s(%j) is refused with a reason', async (method, argument, reason) => {
    expect(await refusal(method, argument)).toMatch(reason);
  });

  test('who has not said who they are gets nothing done', async () => {
    const stranger = new SimpleDDP({ endpoint: websocket(), SocketConstructor: WebSocket });
    await stranger.connect();
    const error = await stranger.call('reports.build', { rows: 5 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ error: 'no-visitor' });
    await stranger.disconnect();
  });

  test('a malformed frame gets an error, and harms nobody else', async () => {
    const socket = new WebSocket(websocket());
    const heard: string[] = [];
    socket.on('message', data => heard.push(String(data)));
    await new Promise(resolve => socket.once('open', resolve));
    socket.send('{"msg": "connect"');
    await eventually(() => heard.some(message => /"msg":"error".*"reason":"Bad request"/.test(message)));
    socket.terminate();
    expect(await ddp.call('pulse.read')).toMatchObject({ mean: expect.any(Number) });
  });

  test('calling too often is slowed down, in words', async () => {
    const calls = Array.from({ length: 12 }, () => refusal(...entry));
    expect((await Promise.all(calls)).join()).toMatch(/too-many-requests: .*too many requests/i);
  });
});

test('the page still works after all that', async () => {
  await fill(page, 'input[name=rows]', '100');
  await page.click('.report-form button[type=submit]');
  await page.waitForSelector('.report[data-state=ready]', { timeout: 90_000 });
  expect(visitor.mishaps).toEqual([]);
});
