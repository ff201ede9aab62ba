import type { Browser, Page } from 'puppeteer-core';
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

const nameOfFocus = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement;
    const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
    return name?.trim().split('\n')[0];
  });

test('is walked by keyboard, each stop with a name and a ring', async () => {
  const { page, close } = await openPage(browser, roles.webUrl);
  const stops: (string | undefined)[] = [];
  for (let step = 0; step < 11; step += 1) {
    await page.keyboard.press('Tab');
    stops.push(await nameOfFocus(page));
    const ring = await page.evaluate(() => {
      const element = document.activeElement!;
      const shown = element.closest('.drop') ?? element;
      return getComputedStyle(shown).outlineStyle;
    });
    expect(`${stops.at(-1)}: ${ring}`).toMatch(/: solid$/);
  }
  expect(stops).toEqual([
    `${appName}, to the top of the page`,
    'Burn 4 workers for 10 s',
    'Workers',
    'Seconds',
    'Rows',
    'Build report',
    '1,000',
    '20,000',
    '200,000',
    expect.stringMatching(/^Choose a photo/),
    'the console',
  ]);
  await close();
});

test('builds a report by keyboard alone, and says so to who listens', async () => {
  const { page, close } = await openPage(browser, roles.webUrl);
  await page.focus('input[name=rows]');
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type('500');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.report[data-state=ready]', { timeout: 90_000 });
  await eventually(() =>
    page.evaluate(() => /Report ready\./.test(document.querySelector('.unseen[role=status]')!.textContent!)),
  );
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

type Rgb = [number, number, number];

/** The contrast of text and ground by WCAG 2, from 1 to 21. */
function contrast(text: Rgb, ground: Rgb): number {
  const light = (rgb: Rgb) => {
    const [r, g, b] = rgb.map(c => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
  return (a! + 0.05) / (b! + 0.05);
}

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
  ['dark', 390],
] as const)('in %s, %i pixels wide', (scheme, width) => {
  test('is readable and fits', async () => {
    const { page, mishaps, close } = await openPage(browser, roles.webUrl, { scheme, width, height: 800 });
    const seen = await page.evaluate(() => {
      const rgb = (colour: string) => (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
      const colours = (selector: string) => {
        const style = getComputedStyle(document.querySelector(selector)!);
        return { text: rgb(style.color), ground: rgb(style.backgroundColor) };
      };
      return {
        paper: colours('body'),
        surface: colours('.panel'),
        muted: colours('.hint').text,
        main: colours('button.main'),
        overflow: document.documentElement.scrollWidth - window.innerWidth,
      };
    });
    const isDark = (seen.paper.ground[0] ?? 0) < 128;
    expect(isDark).toBe(scheme === 'dark');
    expect(contrast(seen.paper.text as Rgb, seen.paper.ground as Rgb)).toBeGreaterThan(7);
    expect(contrast(seen.muted as Rgb, seen.surface.ground as Rgb)).toBeGreaterThan(4.5);
    expect(contrast(seen.muted as Rgb, seen.paper.ground as Rgb)).toBeGreaterThan(4.5);
    expect(contrast(seen.main.text as Rgb, seen.main.ground as Rgb)).toBeGreaterThan(4.5);
    expect(seen.overflow).toBeLessThanOrEqual(0);
    expect(mishaps).toEqual([]);
    await close();
  });
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
