import type { Browser } from 'puppeteer-core';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { eventuallySays, openPage, textOf } from '../support/page';
import { runningPair, startRoles, type TestRoles } from '../support/roles';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(180_000);

/** On a machine that runs other tests too, polite workers would hardly get a turn. */
const eager = { workers: { niceness: 0 } };
const appName = 'Two Wheels';

let roles: TestRoles;
let browser: Browser;

beforeAll(async () => {
  [roles, browser] = await Promise.all([
    startRoles({ settings: { jobs: eager, web: { public: { appName } } } }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await roles?.stop();
});

test('is called as the settings say, in the page and in its tab', async () => {
  if (runningPair()) return; // somebody else's pair has a name of its own
  const { page, close } = await openPage(browser, roles.webUrl);
  expect(await textOf(page, '.brand')).toBe(appName);
  expect(await page.title()).toBe(appName);
  await close();
});

test('names everything that can be worked', async () => {
  const { page, close } = await openPage(browser, roles.webUrl);
  const nameless = await page.$$eval('a, button, input, select, img, canvas', elements =>
    elements
      .filter(element => {
        const { labels } = element as HTMLInputElement;
        const name = element.getAttribute('aria-label') ?? element.getAttribute('alt') ?? labels?.[0]?.textContent;
        return !(name ?? element.textContent)?.trim();
      })
      .map(element => element.outerHTML),
  );
  expect(nameless).toEqual([]);
  expect(await page.$$eval('h1', heads => heads.length)).toBe(1);
  expect(await page.$eval('html', html => html.lang)).toBe('en');
  await close();
});

test('has its headline across a telephone, with the figure below', async () => {
  const { page, close } = await openPage(browser, roles.webUrl, { width: 360 });
  const [words, figure, whole] = await page.$$eval('.pulse-words, .pulse-figure, .pulse', parts =>
    ['pulse-words', 'pulse-figure', 'pulse'].map(name => {
      const { top, bottom, width } = parts.find(part => part.className === name)!.getBoundingClientRect();
      return { top, bottom, width };
    }),
  );
  expect(words!.width).toBe(whole!.width);
  expect(figure!.top).toBeGreaterThanOrEqual(words!.bottom);
  await close();
});

test('draws its figure, and goes on drawing', async () => {
  const { page, close } = await openPage(browser, roles.webUrl);
  const picture = () => page.$eval('.pulse-figure', canvas => (canvas as HTMLCanvasElement).toDataURL());
  await eventually(() => page.$eval('.number-round-trip dd', e => /^[\d.]+ ms$/.test(e.textContent!)));
  const before = await picture();
  await eventually(async () => (await picture()) !== before);
  await close();
});

test('an address that is no page says so, to people and to programs', async () => {
  const asked = (path: string) => fetch(new URL(path, roles.webUrl), { headers: { Accept: 'text/html' } });
  const status = async (path: string) => (await asked(path)).status;
  const ours = ['/', '/?a=b', '/?off=100%', '/?q=%E4', '/console', '/console/tasks'];
  expect(await Promise.all(ours.map(status))).toEqual(ours.map(() => 200));
  expect(await Promise.all(['/nowhere', '/consoles', '/nowhere/console'].map(status))).toEqual([404, 404, 404]);
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(new URL('/nowhere', roles.webUrl).href);
  await eventuallySays(page, 'h1', /^There is no such page\.$/);
  await context.close();
});

test('notices a line that a network has dropped without a word, and takes another', async () => {
  const proxy = await TcpProxy.open('127.0.0.1', Number(new URL(roles.webUrl).port));
  const { page, close } = await openPage(browser, `http://127.0.0.1:${proxy.port}`);
  try {
    await eventuallySays(page, '.pulse h1', /The web role is (calm|busy)/);
    const { upgrades } = proxy;
    proxy.swallowSockets();
    // Meteor itself gives up after 32 seconds.
    await eventually(() => proxy.upgrades > upgrades, { timeoutMs: 25_000 });
    await eventuallySays(page, '.pulse h1', /The web role is (calm|busy)/);
  } finally {
    await close();
    await proxy.close();
  }
});

test.each([
  ['waits', '.burn', ['.burn-state']],
  ['computes', '.report-form', ['.report', '.report-form [type=submit]:enabled']],
])('leaves a line alone on which a method %s for long, so that it runs once', async (_how, form, answered) => {
  if (runningPair()) return; // somebody else's pair has no slow method
  const slow = await startRoles({ app: 'slow', jobs: false });
  const { page, close } = await openPage(browser, slow.webUrl);
  try {
    await page.click(`${form} button[type=submit]`);
    for (const shown of answered) await eventuallySays(page, shown, /\S/, 60_000);
    expect(slow.web!.output.match(/slow: \S+ runs/g)).toHaveLength(1);
    expect(await textOf(page, `${form} [role=alert]`)).toBeUndefined();
  } finally {
    await close();
    await slow.stop();
  }
});

test.each([1280, 360])('keeps everything in its place when the connection breaks, at %i px', async width => {
  const proxy = await TcpProxy.open('127.0.0.1', Number(new URL(roles.webUrl).port));
  const { page, close } = await openPage(browser, `http://127.0.0.1:${proxy.port}`, { width });
  const place = () =>
    page.$eval('.burn [type=submit]', button => {
      const { left, top } = button.getBoundingClientRect();
      return { left, top };
    });
  try {
    await eventuallySays(page, '.pulse h1', /The web role is (calm|busy)/);
    const before = await place();
    await proxy.cut();
    await eventuallySays(page, '.link-state', /away/);
    await eventuallySays(page, '.pulse h1', /The web role is away/);
    expect(await place()).toEqual(before);
  } finally {
    await close();
    await proxy.close();
  }
});

test('says so when the web role is away', async () => {
  if (!roles.web) return; // somebody else's pair: it is not ours to end
  const { page, close } = await openPage(browser, roles.webUrl);
  roles.web.signal('SIGTERM');
  await eventually(() => page.$eval('.link-state', e => /away/.test(e.textContent!)), {
    timeoutMs: 40_000,
  });
  await eventually(() => page.$eval('.pulse h1', e => /The web role is away/.test(e.textContent!)), {
    timeoutMs: 20_000,
  });
  await close();
});
