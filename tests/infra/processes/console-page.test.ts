import { MongoClient } from 'mongodb';
import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../../support/browser';
import { secrets, startTestRoles, type TestRoles } from '../../support/roles';
import { TcpProxy } from '../../support/tcp-proxy';

const token = secrets.operatorToken;

jest.setTimeout(120_000);

let roles: TestRoles;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [roles, browser] = await Promise.all([startTestRoles(), launchBrowser()]);
  page = await browser.newPage();
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${roles.webUrl}/console`);
});

afterAll(async () => {
  await browser?.close();
  for (const close of closing) await close();
  await roles?.stop();
});

const says = (text: string) => page.waitForFunction(wanted => document.body.textContent.includes(wanted), {}, text);

async function login(with_: string): Promise<void> {
  await page.waitForSelector('#token');
  await page.$eval('#token', field => {
    (field as HTMLInputElement).value = '';
  });
  await page.type('#token', with_);
  await page.keyboard.press('Enter');
}

describe('the page at /console', () => {
  test('refuses a wrong token and says so', async () => {
    await login('a token that is not the one');
    await page.waitForSelector('[role=alert]');
    await says('This token opens nothing.');
  });

  test('shows the processes, the queue and, on their page, the schedules to an operator, live', async () => {
    await login(token);
    for (const text of ['greet', 'Failed tasks', '1 jobs', '1 web']) await says(text);
    await page.goto(`${roles.webUrl}/console/schedules`);
    await says('greet everybody');
  });

  test('pauses a task type and resumes it', async () => {
    await page.goto(`${roles.webUrl}/console/types`);
    await page.waitForSelector('button[aria-label="Pause burn"]');
    const click = (word: string) =>
      page.evaluate(name => {
        const row = [...document.querySelectorAll('tr')].find(one => one.textContent.startsWith('burn'));
        const button = [...(row?.querySelectorAll('button') ?? [])].find(one => one.textContent === name);
        button?.click();
        return button !== undefined;
      }, word);
    expect(await click('Pause')).toBe(true);
    await says('burn paused');
    expect(await click('Resume')).toBe(true);
    await page.waitForFunction(() => !document.body.textContent.includes('burn paused'));
  });

  test('asks again what was on its way when the connection broke, after it has shown its session', async () => {
    const proxy = await TcpProxy.open('127.0.0.1', Number(new URL(roles.webUrl).port));
    closing.push(() => proxy.close());
    const first = page;
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${proxy.port}/console/types`);
    await login(token);
    const button = (label: string) => page.waitForSelector(`button[aria-label="${label}"]:not([disabled])`);
    await button('Pause burn');
    // Sent, and never come through: the page still takes its connection for a good one.
    proxy.swallow();
    await page.click('button[aria-label="Pause burn"]');
    const top = () => page.$eval('.console', element => element.querySelector('main')!.getBoundingClientRect().top);
    const before = await top();
    await proxy.cut();
    await says('The web role is away');
    expect(await top()).toBe(before);
    await proxy.mend();
    await button('Resume burn');
    expect(await page.$('[role=alert]')).toBeNull();
    await page.click('button[aria-label="Resume burn"]');
    await button('Pause burn');
    // What would be done twice is not asked again.
    await page.goto(`http://127.0.0.1:${proxy.port}/console/schedules`);
    const runNow = await button('Run now: greet everybody');
    proxy.swallow();
    await runNow!.click();
    await proxy.cut();
    await proxy.mend();
    await says('Run now: greet everybody: the connection broke before the answer came. Look whether it was done.');
    await page.close();
    page = first;
  });

  test('stays open over a reload, and ends with the logout', async () => {
    await page.reload();
    await says('Pause everything');
    await page.evaluate(() =>
      [...document.querySelectorAll('button')].find(one => one.textContent === 'Log out')?.click(),
    );
    await page.waitForSelector('#token');
    await page.reload();
    await page.waitForSelector('#token');
  });

  test('asks for the token again when the session has ended', async () => {
    if (!roles.mongoUrl) return;
    await login(token);
    await says('Pause everything');
    const mongo = await new MongoClient(roles.mongoUrl).connect();
    await mongo.db().collection('operatorSessions').deleteMany({});
    await mongo.close();
    await says('The session has ended. Log in again.');
    await page.waitForSelector('#token');
  });

  test('breaks no rule of its own policy', () => {
    expect(complaints).toEqual([]);
  });
});
