/**
 * The console beside a long queue: `npm run bench:console`.
 *
 * Fills a fresh database with a million tasks, of which 10,000 have failed, opens each page of the console in Chromium as an
 * operator, and prints for each: when it is ready after its address was opened (the second of two visits), how long the web
 * role's event loop was held meanwhile, and the query that read the most. Ends with 1 where a page takes a second, the event
 * loop was held for 50 ms (and for longer than while nothing happens, on a busy machine), or a query on tasks reads more
 * than it shows. Sizes: BENCH_TASKS, BENCH_FAILED.
 */
import { MongoClient } from 'mongodb';
import type { Page } from 'puppeteer-core';
import { catalog } from '../imports/tasks/catalog';
import { readSettings } from '../infra/dev/json-file';
import { root } from '../infra/dev/root';
import { TaskQueueOf } from '../infra/queue/api/task-queue';
import { newTaskId } from '../infra/queue/model/ids';
import type { Task, TaskState } from '../infra/queue/model/task';
import { launchBrowser } from '../tests/support/browser';
import { type Read, readsOf } from '../tests/support/reads';
import { startPair } from './pair';

const size = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const all = size('BENCH_TASKS', 1_000_000);
const failed = size('BENCH_FAILED', 10_000);
const readyWithinMs = 1_000;
const heldForMs = 50;
const day = 86_400_000;

const types = Object.keys(catalog);
const scheduled = Math.floor(all / 100);

function stateOf(n: number): TaskState {
  if (n < failed) return 'failed';
  return n < failed + scheduled ? 'scheduled' : 'done';
}

function taskOf(n: number, now: number): Task {
  const state = stateOf(n);
  const at = new Date(now - (n % (6 * day)));
  const kept = state === 'done' ? 7 * day : 30 * day;
  const group = n % 100;
  const error = {
    name: 'Error',
    message: `no answer from host ${group}`,
    stack: 'Error\n  at a',
    fingerprint: `g${group}`,
  };
  return {
    ...{ _id: newTaskId(), taskType: types[n % types.length]!, state, data: { n }, attempt: 1, catalogVersion: 1 },
    ...{ priority: 1, basePriority: 1, place: 1, createdAt: at, sender: { appId: 'bench', version: '1', rootUrl: '' } },
    attempts: [{ startedAt: at, finishedAt: at, outcome: state === 'failed' ? 'failed' : 'done', owner: 'bench' }],
    dueDate: state === 'scheduled' ? new Date(now + day + n) : at,
    ...(state !== 'scheduled' && { finishedAt: at, expiresAt: new Date(at.getTime() + kept) }),
    ...(state === 'failed' && { error }),
    ...(n % 50 === 0 && { tags: [`customer ${n % 1_000}`] }),
  };
}

async function fill(mongoUrl: string): Promise<{ aFailed: string; aGroup: string }> {
  const client = await new MongoClient(mongoUrl).connect();
  const queue = new TaskQueueOf(catalog);
  await queue.connect({
    db: client.db() as never,
    sender: { appId: 'bench', version: '1', rootUrl: '' },
    keepsIndexes: true,
  });
  const { collection } = queue.core.store;
  const now = Date.now();
  for (let from = 0; from < all; from += 10_000) {
    const tasks = Array.from({ length: Math.min(10_000, all - from) }, (_, n) => taskOf(from + n, now));
    if (from === 0)
      await queue.core.errorGroups.record(
        tasks.slice(0, 1_000).flatMap(task => (task.error ? [{ task, error: task.error }] : [])),
        new Date(),
      );
    await collection.insertMany(tasks, { ordered: false, writeConcern: { w: 1 } });
  }
  const one = await collection.findOne({ state: 'failed' });
  await client.close();
  return { aFailed: one!._id, aGroup: one!.error!.fingerprint! };
}

/** When the page that the address names has shown all that it asked for, in ms since the address was opened. */
async function ready(page: Page, url: string): Promise<number> {
  await page.goto(url);
  const handle = await page.waitForFunction(() => {
    const main = document.querySelector('.console main');
    const isReady = main?.querySelector('h2') && !main.textContent?.includes('Looking …');
    return isReady ? performance.now() : undefined;
  });
  return Math.round(Number(await handle.jsonValue()));
}

/** The longest time that the web role's event loop was held while something happened, by its own metrics, in ms. */
async function heldDuring(webUrl: string, action: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    const text = await (await fetch(`${webUrl}/metrics`)).text();
    return 1_000 * Number(/^tandem_event_loop_delay_seconds\{[^}]*figure="max"[^}]*\} (\S+)/m.exec(text)?.[1]);
  };
  // A figure is that of the last two seconds.
  const rest = () => new Promise(resolve => setTimeout(resolve, 2_100));
  await rest();
  await action();
  await rest();
  return Math.round(await read());
}

const ofTasks = ({ collection, plan }: Read) => collection === 'taskQueue' && plan !== 'EOF';

/** It goes through an index, counts what waits or runs by type, and stops at 10,000. */
const isCount = ({ docsExamined, returned, plan }: Read) =>
  plan.startsWith('IXSCAN') && returned <= types.length && docsExamined <= 10_000;

/** Tasks of one type that are done are sought among all that are done: there is no index for each type. */
const isDoneOfType = ({ plan }: Read) => plan === 'IXSCAN { expiresAt: 1 }';

/** It reads what it shows, and one more of each state. */
const readsTooMuch = (read: Read) => !isCount(read) && !isDoneOfType(read) && read.docsExamined > read.returned + 10;

async function main(): Promise<void> {
  const pair = await startPair();
  const browser = await launchBrowser();
  try {
    console.log(`${all} tasks, ${failed} of them failed: filling the database …`);
    const { aFailed, aGroup } = await fill(pair.mongoUrl);
    const { console: settings } = (await readSettings(`${root}/settings-web.json`)) as {
      console: { operatorToken: string };
    };
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${pair.webUrl}/console`);
    await (await page.waitForSelector('#token'))!.type(settings.operatorToken);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.console-nav');
    const links = await page.$$eval('.console-nav a', found => found.map(link => link.getAttribute('href') as string));
    const states = ['done', 'scheduled', 'queued'].map(state => `/console/tasks?state=${state}`);
    const found = ['?tag=customer+50', `?error=${encodeURIComponent('host 7')}`, `?type=${types[0]}&state=done`];
    const others = [...states, ...found.map(query => `/console/tasks${query}`)];
    const client = await new MongoClient(pair.mongoUrl).connect();
    const idleMs = await heldDuring(pair.webUrl, () => new Promise(resolve => setTimeout(resolve, 1_000)));
    const rows: Record<string, object> = { '(nothing)': { 'loop held (ms)': idleMs } };
    for (const path of [...links, ...others, `/console/tasks/${aFailed}`, `/console/errors/${aGroup}`]) {
      await ready(page, pair.webUrl + path);
      let readyMs = 0;
      const heldMs = await heldDuring(pair.webUrl, async () => {
        readyMs = await ready(page, pair.webUrl + path);
      });
      const reads = (await readsOf(client.db() as never, () => ready(page, pair.webUrl + path))).filter(ofTasks);
      const tooMuch = reads.filter(readsTooMuch);
      const most = reads.sort((a, b) => b.docsExamined - a.docsExamined)[0];
      rows[path.replace(/^\/console\/?/, '') || 'now'] = {
        'ready (ms)': readyMs,
        'loop held (ms)': heldMs,
        queries: reads.length,
        'read / shown': most ? `${most.docsExamined} / ${most.returned}` : '',
      };
      if (readyMs > readyWithinMs) fault(`${path}: ready after ${readyMs} ms`);
      if (heldMs > Math.max(heldForMs, idleMs)) fault(`${path}: the event loop was held for ${heldMs} ms`);
      for (const read of tooMuch) fault(`${path}: reads too much: ${JSON.stringify(read)}`);
    }
    console.table(rows);
    await client.close();
  } finally {
    await browser.close();
    await pair.stop();
  }
}

function fault(text: string): void {
  console.log(text);
  process.exitCode = 1;
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
