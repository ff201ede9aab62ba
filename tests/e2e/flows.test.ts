import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { readSheet } from 'read-excel-file/node';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { dropFiles, eventuallySays, fill, openPage, textOf, type VisitorPage } from '../support/page';
import { startRoles, type TestRoles } from '../support/roles';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(180_000);

/** On a machine that runs other tests too, polite workers would hardly get a turn. */
const eager = { workers: { niceness: 0 } };

let roles: TestRoles;
let browser: Browser;
let visitor: VisitorPage;
let page: Page;
let downloads: string;
/** Open since the beginning, so that the notification of a minute has come by the time that a test asks. */
let early: VisitorPage;

beforeAll(async () => {
  [roles, browser] = await Promise.all([startRoles({ settings: { jobs: eager } }), launchBrowser()]);
  downloads = await mkdtemp(join(tmpdir(), 'tandem-downloads-'));
  early = await openPage(browser, roles.webUrl);
});
afterAll(async () => {
  await browser?.close();
  await roles?.stop();
  await rm(downloads, { recursive: true, force: true });
});
beforeEach(async () => {
  visitor = await openPage(browser, roles.webUrl);
  page = visitor.page;
});
afterEach(async () => {
  const { mishaps } = visitor;
  await visitor.close();
  expect(mishaps).toEqual([]);
});

const fixture = (name: string) => join(__dirname, '..', 'fixtures', name);

/** Notes each value that the first progress bar of the reports shows from now on. */
async function noteProgress(): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const value = Number(document.querySelector('.report .bar')?.getAttribute('aria-valuenow') ?? Number.NaN);
      if (!Number.isNaN(value) && seen.at(-1) !== value) seen.push(value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: number[] }).seen);
}

async function downloadByClick(selector: string): Promise<string> {
  const session = await page.createCDPSession();
  await session.send('Page.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
  await page.click(selector);
  const isWhole = (name: string) => name.endsWith('.xlsx');
  const name = await eventually(async () => (await readdir(downloads)).find(isWhole), { timeoutMs: 30_000 });
  return join(downloads, name);
}

test('builds a report while its bar moves, and the workbook that comes down holds every row', async () => {
  const progress = await noteProgress();
  await fill(page, 'input[name=rows]', '20000');
  await page.click('.report-form button[type=submit]');
  await page.waitForSelector('.report[data-state=ready]', { timeout: 150_000 });
  const seen = await progress();
  expect(seen.length).toBeGreaterThan(2);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));

  const path = await downloadByClick('.report a[download]');
  expect(path).toMatch(/sales-20000-rows\.xlsx$/);
  expect(await readSheet(path, 'Sales')).toHaveLength(20_001);
});

test('does what was asked for while the connection was down, when it is back', async () => {
  const proxy = await TcpProxy.open('127.0.0.1', Number(new URL(roles.webUrl).port));
  const cut = await openPage(browser, `http://127.0.0.1:${proxy.port}`);
  try {
    await cut.page.waitForSelector('.report-form');
    await proxy.cut();
    await fill(cut.page, 'input[name=rows]', '10');
    await cut.page.click('.report-form button[type=submit]');
    await cut.page.waitForSelector('.report-form button[type=submit]:disabled');
    await proxy.mend();
    await cut.page.waitForSelector('.report', { timeout: 60_000 });
    expect(await textOf(cut.page, '.report-form .problem')).toBeUndefined();
  } finally {
    await cut.close();
    await proxy.close();
  }
});

test('cancels a report, tries it again, and takes it away', async () => {
  await fill(page, 'input[name=rows]', '200000');
  await page.click('.report-form button[type=submit]');
  await page.waitForSelector('.report[data-state=running]', { timeout: 90_000 });
  await page.click('.report-line button');
  await page.waitForSelector('.report[data-state=cancelled]', { timeout: 30_000 });
  await eventuallySays(page, '.report-line button', /Try again/);
  await page.click('.report-line button');
  await page.waitForSelector('.report[data-state=running], .report[data-state=queued]', { timeout: 90_000 });
  await eventuallySays(page, '.report-line button', /Cancel/);
  await page.click('.report-line button');
  await page.waitForSelector('.report[data-state=cancelled]', { timeout: 30_000 });
  await page.click('.report button.plain');
  await eventually(async () => (await page.$('.report')) === null);
});

const sizesOfThumbnails = () =>
  page.$$eval('.stair img', images => images.map(image => [image.naturalWidth, image.naturalHeight]));

async function threeSizes(): Promise<number[][]> {
  await page.waitForSelector('.picture[data-state=ready]', { timeout: 90_000 });
  return eventually(async () => {
    const sizes = await sizesOfThumbnails();
    return sizes.length === 3 && sizes.every(([width]) => width! > 0) ? sizes : undefined;
  });
}

test('makes three sizes of a photo that is chosen; they appear by themselves', async () => {
  const field = await page.$('input[type=file]');
  await (field as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(fixture('photo.jpg'));
  expect(await threeSizes()).toEqual([
    [160, 107],
    [480, 320],
    [960, 640],
  ]);
  expect(await textOf(page, '.picture-foot')).toMatch(/photo\.jpg\s*1920 × 1280/);
});

test('makes three sizes of a photo that is dropped', async () => {
  await dropFiles(page, '.drop', [fixture('photo.png')]);
  expect(await threeSizes()).toEqual([
    [160, 107],
    [480, 320],
    [960, 640],
  ]);
});

test('keeps what a visitor has made over a reload, and from other visitors', async () => {
  await fill(page, 'input[name=rows]', '10');
  await page.click('.report-form button[type=submit]');
  await page.waitForSelector('.report a[download]', { timeout: 90_000 });
  const href = await page.$eval('.report a[download]', link => (link as HTMLAnchorElement).href);

  await page.reload();
  await page.waitForSelector('.report a[download]', { timeout: 30_000 });
  const status = (by: Page) =>
    by.evaluate(url => fetch(url, { method: 'HEAD' }).then(response => response.status), href);
  expect(await status(page)).toBe(200);

  const other = await openPage(browser, roles.webUrl);
  await eventuallySays(other.page, '.panel-reports .empty', /No report yet/);
  expect(await status(other.page)).toBe(404);
  await other.close();
});

test('keeps answering while four workers burn', async () => {
  await page.select('.burn select:last-of-type', '5');
  await page.click('.burn button[type=submit]');
  await eventuallySays(page, '.burn-state', /at full load/);
  await eventuallySays(page, '.pulse h1', /burns?\. The web role is calm\./);
  await eventually(async () => (await textOf(page, '.burn-state'))?.trim() === '', { timeoutMs: 60_000 });
});

test('shows notifications as they come, and when the next is due', async () => {
  await eventuallySays(page, '.next-due', /^Next in ([1-5]?\d|60) s$/);
  // Its database was empty when this page was opened: what it shows has come since.
  await eventuallySays(early.page, '.news-item strong', /All quiet|Work came in/, 80_000);
  expect(early.mishaps).toEqual([]);
});
