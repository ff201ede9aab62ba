import type { Browser, BrowserContext, Page } from 'puppeteer-core';
import { eventually } from './eventually';

export interface OpenPageOptions {
  path?: string;
  scheme?: 'light' | 'dark';
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

/** Opens the page as a new visitor and waits until it is live. */
export async function openPage(
  browser: Browser,
  url: string,
  { path = '/', scheme = 'light', width = 1280, height = 900 }: OpenPageOptions = {},
): Promise<VisitorPage> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const mishaps = watch(page);
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(new URL(path, url).href);
  await page.waitForSelector('.pulse h1', { timeout: 20_000 });
  return { page, context, mishaps, close: () => context.close() };
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
