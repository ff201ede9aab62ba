import type { Browser } from 'puppeteer-core';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { openPage, textOf } from '../support/page';
import { startRoles, type TestRoles } from '../support/roles';

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

test('draws its figure, and goes on drawing', async () => {
  const { page, close } = await openPage(browser, roles.webUrl);
  const picture = () => page.$eval('.pulse-figure', canvas => (canvas as HTMLCanvasElement).toDataURL());
  await eventually(() => page.$eval('.number-round-trip dd', e => /^[\d.]+ ms$/.test(e.textContent!)));
  const before = await picture();
  await eventually(async () => (await picture()) !== before);
  await close();
});

test('says so when the web role is away', async () => {
  if (!roles.web) return; // somebody else's pair: it is not ours to end
  const { page, close } = await openPage(browser, roles.webUrl);
  roles.web.signal('SIGTERM');
  await eventually(() => page.$eval('.link-state', e => /The web role is away/.test(e.textContent!)), {
    timeoutMs: 40_000,
  });
  await eventually(() => page.$eval('.pulse h1', e => /does not answer/.test(e.textContent!)), { timeoutMs: 20_000 });
  await close();
});
