import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { openPage } from '../support/page';
import { startRoles, type TestRoles } from '../support/roles';

jest.setTimeout(180_000);

/** On a machine that runs other tests too, polite workers would hardly get a turn. */
const eager = { workers: { niceness: 0 } };

let roles: TestRoles;
let browser: Browser;

beforeAll(async () => {
  [roles, browser] = await Promise.all([startRoles({ settings: { jobs: eager } }), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await roles?.stop();
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
    expect.stringMatching(/^.+, to the top of the page$/),
    'Burn',
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

test('writes numbers as its visitor does', async () => {
  const { page, close } = await openPage(browser, roles.webUrl, { locale: 'de-DE' });
  expect(await page.$$eval('.chip', chips => chips.map(chip => chip.textContent))).toEqual([
    '1.000',
    '20.000',
    '200.000',
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
