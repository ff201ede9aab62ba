import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../../support/browser';
import { eventually } from '../../support/eventually';
import { FixtureHost } from './ddp-client-host';

let host: FixtureHost;
let browser: Browser;
let page: Page;
let sent: { msg: string; name?: string }[];
const complaints: string[] = [];

beforeAll(async () => {
  [host, browser] = await Promise.all([FixtureHost.start('tests/infra/contract/ddp-client-page.tsx'), launchBrowser()]);
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

beforeEach(async () => {
  page = await browser.newPage();
  sent = await framesOf(page);
  page.on('pageerror', error => complaints.push(String(error)));
  await page.goto(host.url);
  await call('truth.reset');
  await shows('#t5', '5');
  await eventually(() => page.$('ul[data-loading="false"]'));
});
afterEach(async () => {
  await page.close();
  expect(complaints.splice(0)).toEqual([]);
});

/** What the page sends, as a proxy between would see it. */
async function framesOf(its: Page): Promise<{ msg: string; name?: string }[]> {
  const frames: { msg: string; name?: string }[] = [];
  const devtools = await its.createCDPSession();
  await devtools.send('Network.enable');
  devtools.on('Network.webSocketFrameSent', ({ response }) => frames.push(JSON.parse(response.payloadData)));
  return frames;
}

const run = (code: string): Promise<unknown> => page.evaluate(code);
const call = (name: string, ...args: unknown[]) =>
  run(`Meteor.callAsync(${[name, ...args].map(a => JSON.stringify(a)).join()})`);
const text = (selector: string) => page.$eval(selector, element => element.firstChild?.textContent?.trim() ?? '');
const shows = (selector: string, expected: string) => eventually(async () => (await text(selector)) === expected);
const commits = () => run('({ ...commits })') as Promise<Record<string, number>>;
const subscriptionsTo = (name: string) => sent.filter(message => message.msg === 'sub' && message.name === name).length;

describe('meteor/meteor in a page', () => {
  test('knows its side and what the server tells it, and no more', async () => {
    expect(await run('({ ...Meteor.settings, isClient: Meteor.isClient, isServer: Meteor.isServer })')).toEqual({
      public: { shown: 1 },
      isClient: true,
      isServer: false,
    });
    expect(await run('[Meteor.isDevelopment, Meteor.isProduction]')).toEqual([true, false]);
    expect(await run('Meteor.absoluteUrl("a/b")')).toBe(`${host.url}/a/b`);
    expect(await run('document.documentElement.outerHTML + JSON.stringify(Meteor.settings)')).not.toContain('hidden');
  });

  test('runs startup hooks at once when the page is there', async () => {
    expect(await run('new Promise(resolve => Meteor.startup(() => resolve(document.readyState)))')).toBe('complete');
  });

  test('calls methods with typed values, and gets Meteor’s errors', async () => {
    const types =
      '{ date: new Date(7), binary: new Uint8Array([1, 250]), oid: new Mongo.ObjectID("0123456789abcdef01234567") }';
    expect(await run(`Meteor.callAsync('truth.typesIn', ${types})`)).toEqual({
      date: 7,
      binary: [1, 250],
      oid: '0123456789abcdef01234567',
    });
    const error = `error => [error instanceof Meteor.Error, error.error, error.reason]`;
    expect(await run(`Meteor.callAsync('truth.unchecked').catch(${error})`)).toEqual([
      true,
      'not-allowed',
      'You may not.',
    ]);
  });

  test('says what to do instead of writing to a server’s collection', async () => {
    expect(await run('Things.insertAsync({}).catch(error => error.message)')).toContain('Meteor.callAsync');
  });
});

describe('the hooks, under StrictMode', () => {
  test('subscribe once', async () => {
    expect(subscriptionsTo('truth.all')).toBe(1);
    expect(subscriptionsTo('truth.group')).toBe(1);
    expect(sent.filter(({ msg }) => msg === 'unsub')).toEqual([]);
  });

  test('render only the document that has changed', async () => {
    const before = await commits();
    await call('truth.update', 't3', { $set: { rank: 33 } });
    await shows('#t3', '33');
    const after = await commits();
    expect(after.t3).toBe(before.t3! + 1);
    expect([after.t1, after.t2, after.t4, after.t5]).toEqual([before.t1, before.t2, before.t4, before.t5]);
    expect(await page.$$eval('li', items => items.map(item => item.id).join(' '))).toBe('t1 t2 t4 t5 t3');
  });

  test('don’t render for a result that is the same', async () => {
    const before = await commits();
    await call('truth.insert', { _id: 'z', group: 'other', rank: 0 });
    await shows('#z', '0');
    await call('truth.update', 't2', { $set: { a: 'not asked for' } });
    await run('new Promise(resolve => Tracker.afterFlush(resolve))');
    const after = await commits();
    expect(after.status).toBe(before.status);
  });

  test('follow what they depend on', async () => {
    await shows('#group', 't2 t4');
    await page.click('#choose-odd');
    await shows('#group', 't1 t3 t5');
    await eventually(() => page.$('#group[data-loading="false"][data-found="3"]'));
    expect(subscriptionsTo('truth.group')).toBe(2);
    await eventually(() => sent.filter(({ msg }) => msg === 'unsub').length === 1);
    await page.click('#choose-none');
    await eventually(() => page.$('#group[data-found="null"]'));
  });

  test('leave nothing behind when their component goes', async () => {
    await page.click('#toggle');
    await eventually(() => sent.filter(({ msg }) => msg === 'unsub').length === 2);
    // One is left: the status line's own.
    await eventually(() => run('Things.local.queries.size === 1'));
    await eventually(async () => (await run('Things.find().count()')) === 0);
    await page.click('#toggle');
    await shows('#t5', '5');
    expect(subscriptionsTo('truth.all')).toBe(2);
  });
});

describe('when the server is killed and started again', () => {
  test('the page shows so, keeps what it has, and goes on without a flicker', async () => {
    await run(`window.lowest = 99; new MutationObserver(() => {
      lowest = Math.min(lowest, document.querySelectorAll('li').length);
    }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true })`);
    const before = await commits();
    await host.kill();
    await shows('#status', 'waiting');
    expect(await page.$$('li')).toHaveLength(5);
    const slow = call('truth.slow', 1, 'meanwhile');
    await host.up();
    await run('Meteor.reconnect()');
    expect(await slow).toBe('meanwhile');
    await shows('#status', 'connected');
    await call('truth.insert', { _id: 'new', rank: 6 });
    await shows('#new', '6');
    expect(await run('lowest')).toBeGreaterThanOrEqual(5);
    const after = await commits();
    expect([after.t1, after.t5]).toEqual([before.t1, before.t5]);
  }, 60_000);
});
