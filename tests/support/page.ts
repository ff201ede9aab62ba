import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'puppeteer-core';
import { eventually } from './eventually';

export interface OpenPageOptions {
  path?: string;
  scheme?: 'light' | 'dark';
  /** The language of the browser, such as `de-DE`. */
  locale?: string;
  width?: number;
  height?: number;
}

/** A page of a fresh browser profile: a visitor of its own. `mishaps` has what went wrong in it without a test asking. */
export interface VisitorPage {
  page: Page;
  context: BrowserContext;
  mishaps: string[];
  close(): Promise<void>;
}

/** Opens the page as a new visitor or, where the app has accounts, as a new user, and waits until it is live. */
export async function openPage(
  browser: Browser,
  url: string,
  { path = '/', scheme = 'light', locale, width = 1280, height = 900 }: OpenPageOptions = {},
): Promise<VisitorPage> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const mishaps = watch(page);
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  if (locale) await (await page.createCDPSession()).send('Emulation.setLocaleOverride', { locale });
  await page.goto(new URL(path, url).href);
  await page.waitForSelector('.pulse h1, .account', { timeout: 20_000 });
  if (await page.$('.account')) await signUp(page, `${randomUUID()}@example.com`, randomUUID());
  return { page, context, mishaps, close: () => context.close() };
}

/** Creates an account by the form that the page shows. @public */
export async function signUp(page: Page, email: string, password: string): Promise<void> {
  await page.click('::-p-aria([name="Create an account"][role="button"])');
  await page.waitForSelector('input[autocomplete=new-password]');
  await page.type('input[name=email]', email);
  await page.type('input[name=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.pulse h1', { timeout: 20_000 });
}

function watch(page: Page): string[] {
  const mishaps: string[] = [];
  page.on('pageerror', error => mishaps.push(String(error)));
  page.on('console', message => {
    if (message.type() === 'error') mishaps.push(`${message.text()} ${message.location().url ?? ''}`);
  });
  return mishaps;
}

/** The text of the first element that matches, or undefined where there is none. */
export function textOf(page: Page, selector: string): Promise<string | null | undefined> {
  return page.evaluate(chosen => document.querySelector(chosen)?.textContent, selector);
}

/** Waits until what a person sees there matches. @public */
export function eventuallySays(page: Page, selector: string, pattern: RegExp, timeoutMs = 30_000): Promise<string> {
  return eventually(
    async () => {
      const text = await textOf(page, selector);
      if (text && pattern.test(text)) return text;
      throw new Error(`${selector} says ${JSON.stringify(text)}, not ${pattern}`);
    },
    { timeoutMs },
  );
}

/** Types over what a field holds. @public */
export async function fill(page: Page, selector: string, text: string): Promise<void> {
  await page.click(selector, { count: 3 });
  await page.keyboard.press('Backspace');
  await page.type(selector, text);
}

/** Drops files of this machine on an element, as from a file manager. @public */
export async function dropFiles(page: Page, selector: string, files: string[]): Promise<void> {
  const target = await page.waitForSelector(selector);
  await target!.scrollIntoView();
  const { x, y } = await target!.clickablePoint();
  const session = await page.createCDPSession();
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x, y, data });
  }
  await session.detach();
}
