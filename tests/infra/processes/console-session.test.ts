import axe from 'axe-core';
import type { Browser, Page } from 'puppeteer-core';
import { TaskQueueOf } from '../../../infra/queue';
import { newTaskId } from '../../../infra/queue/model/ids';
import type { Task } from '../../../infra/queue/model/task';
import { type Catalog, catalog } from '../../support/app/catalog';
import { launchBrowser } from '../../support/browser';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { runningPair, secrets, startTestRoles, type TestRoles } from '../../support/roles';

jest.setTimeout(120_000);

const viewer = { name: 'Vera', token: 'the token of a viewer', role: 'viewer' };
const many = 20_000;

let database: TestDatabase;
let roles: TestRoles;
let browser: Browser;
let page: Page;
let queue: TaskQueueOf<Catalog>;
const complaints: string[] = [];
/** What the first page has heard from the web role. */
const frames: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  const settings = { web: { console: { operators: [viewer] } } };
  [roles, browser] = await Promise.all([startTestRoles({ settings, mongoUrl: database.url }), launchBrowser()]);
  queue = new TaskQueueOf(catalog);
  const sender = { appId: 'shop', version: '1', rootUrl: roles.webUrl };
  await queue.connect({ db: database.db, sender, signingKeys: [secrets.signingKey] });
  page = await open(secrets.operatorToken, '/console');
  const client = await page.createCDPSession();
  await client.send('Network.enable');
  client.on('Network.webSocketFrameReceived', ({ response }) => frames.push(response.payloadData));
  await page.reload();
  await page.waitForSelector('.console-nav');
});

afterAll(async () => {
  await browser?.close();
  await roles?.stop();
  await database?.drop();
});

async function open(token: string, path: string): Promise<Page> {
  const context = await browser.createBrowserContext();
  const opened = await context.newPage();
  await opened.setViewport({ width: 1280, height: 900 });
  opened.setDefaultTimeout(8_000);
  opened.on('pageerror', error => complaints.push(String(error)));
  opened.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  await opened.goto(roles.webUrl + path);
  await opened.waitForSelector('#token');
  await opened.type('#token', token);
  await opened.keyboard.press('Enter');
  await opened.waitForSelector('.console-nav');
  return opened;
}

const says = (text: string, on = page) =>
  on.waitForFunction(wanted => document.body.textContent.includes(wanted), {}, text);

const click = async (selector: string) => (await page.waitForSelector(selector))?.click();
const pressButton = (name: string) => click(`::-p-aria([name="${name}"][role="button"])`);
const followLink = (name: string) => click(`::-p-aria([name="${name}"][role="link"])`);

async function write(selector: string, text: string): Promise<void> {
  await (await page.waitForSelector(selector))?.click({ count: 1 });
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.type(selector, text);
}

/** What its type hides. */
const secret = '4711-0815';

test('an operator finds a failed task by its error, reads what happened, mends its payload and sees it run', async () => {
  const id = await queue.addTask({
    taskType: 'lookUp',
    data: { name: 'ada', fail: 'no such person', pin: secret },
    tags: ['customer 7'],
  });
  const failed = await eventually(async () => {
    const task = await queue.findOne(id);
    return task?.state === 'failed' ? task : undefined;
  });
  await followLink('Tasks');
  await write('#filter', `error:"${failed.error?.message.slice(0, 12)}"`);
  await page.keyboard.press('Enter');
  await followLink('lookUp');
  expect(page.url()).toBe(`${roles.webUrl}/console/tasks/${id}`);
  for (const text of ['"fail": "no such person"', '"pin": "••••"', 'Error: no such person', 'customer 7'])
    await says(text);
  await says(failed.error?.stack?.split('\n')[1]?.trim() ?? '');
  await click('.console-attempts summary');
  await says('looked up');

  await pressButton('Edit and replay');
  await write('#draft', '{ "name": 7 }');
  await pressButton('Replay with this payload');
  await says('name');
  await page.waitForFunction(() => document.querySelector('#draft-problem')?.textContent?.includes('name'));
  await write('#draft', '{ "name": "ada", "pin": "••••" }');
  await pressButton('Replay with this payload');
  await click('[role=status] a[href^="/console/tasks/"]');
  await says('"seen": 2');
  expect((await queue.findOne({ origin: id }))?.data).toEqual({ name: 'ada', pin: secret });
  expect(frames.join('\n')).toContain('no such person');
  expect(frames.join('\n')).not.toContain(secret);
  await says('Replay of');
  await page.goBack();
  await says('"fail": "no such person"');
});

test('a filter that means nothing is answered with what to write, and a link to a filter shows what it names', async () => {
  await page.goto(`${roles.webUrl}/console/tasks?tag=customer+7`);
  await followLink('lookUp');
  await page.goBack();
  await write('#filter', 'color:red');
  await page.keyboard.press('Enter');
  await says('"color:" is unknown');
});

test('a bulk retry of all that match is stopped half-way, with focus where it was and its progress in sight', async () => {
  await queue.pause('burn');
  const at = new Date(Date.now() - 60_000);
  const error = { name: 'Error', message: 'disk is full', fingerprint: 'disk' };
  const failed = Array.from({ length: many }, () => ({
    ...{ _id: newTaskId(), taskType: 'burn', state: 'failed', data: {}, catalogVersion: 1, priority: 1, place: 1 },
    ...{ createdAt: at, dueDate: at, finishedAt: at, attempt: 1, attempts: [], error },
  }));
  await queue.core.store.collection.insertMany(failed as unknown as Task[]);
  await page.goto(`${roles.webUrl}/console/tasks?state=failed&type=burn`);
  await click('input[aria-label="Select all of this page"]');
  await click('.console-bulk label input');
  await pressButton('Retry');
  await says('Retry all that match');
  await click('dialog[open] button.main');
  await click('.console-works button');
  const work = await eventually(async () => {
    const [newest] = await queue.bulkWorks(1);
    return newest?.state === 'stopped' ? newest : undefined;
  });
  await says('stopped');
  expect(work.done).toBeLessThan(many);
  expect(await queue.core.store.collection.countDocuments({ taskType: 'burn', state: 'failed' })).toBe(
    many - work.done,
  );
});

test('a viewer sees the same and finds nothing to press', async () => {
  const theirs = await open(viewer.token, '/console/tasks?state=failed&type=burn');
  await says('disk is full', theirs);
  expect(await theirs.$$('.console main input[type=checkbox], .console-bulk')).toEqual([]);
  expect(await theirs.$$eval('.console-nav a', links => links.map(link => link.textContent))).not.toContain('Audit');
  await theirs.click('.console-tasks th a');
  await says('Payload', theirs);
  expect(await theirs.$$eval('.console main button', buttons => buttons.map(one => one.textContent))).not.toContain(
    'Retry',
  );
  await theirs.close();
});

test('a group of errors is muted and reopened, and the audit tells who did it', async () => {
  await followLink('Errors');
  await pressButton(`Mute ${(await queue.errors.list()).groups[0]?._id}`);
  // Its row goes away: whoever has pressed the button is where the others are, not at the top of the page.
  await page.waitForFunction(() => document.activeElement?.matches('.console-rows'));
  await followLink('muted');
  await says('muted');
  await click('.console-errors button');
  await followLink('to look at');
  await page.waitForSelector('.console-spark');
  await followLink('Audit');
  for (const text of ['mute error', 'reopen error', 'replay with another payload', 'stop bulk work']) await says(text);
});

test('a limit is changed for all roles, shown beside the one of the catalog, and taken back with one click', async () => {
  await followLink('Types');
  await pressButton('Limits of burn');
  await write('dialog[open] [name=concurrency]', '2');
  await write('dialog[open] [name=max]', '5');
  await pressButton('Change');
  await says('fill in both, or none');
  await write('dialog[open] [name=per]', '60');
  await pressButton('Change');
  await page.waitForFunction(() => document.querySelector('[data-row=burn] ins')?.textContent === '2 in each role');
  await says('5 a minute');
  await says('changed by operator');
  expect(await queue.limits.list()).toMatchObject([{ taskType: 'burn', concurrency: 2, by: 'operator' }]);
  await page.focus('[data-row=burn] button[aria-label^="Give burn"]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('[data-row=burn] ins'));
  // The button is gone: whoever has pressed it is still in its row.
  await page.waitForFunction(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row') === 'burn');
  expect(await queue.limits.list()).toEqual([]);
});

test('a stored schedule is added, edited, run now and removed; what is wrong with it is said in its form', async () => {
  await followLink('Schedules');
  await says('greet everybody');
  await pressButton('Add a schedule');
  await write('dialog[open] [name=name]', 'look up Ada');
  await write('dialog[open] [name=when]', '30 6 * * 1');
  await page.select('dialog[open] [name=taskType]', 'lookUp');
  await write('dialog[open] [name=data]', '{ "name": 7 }');
  await pressButton('Save');
  await page.waitForFunction(() => document.querySelector('dialog[open] [role=alert]')?.textContent?.includes('name'));
  await write('dialog[open] [name=data]', `{ "name": "ada", "pin": "${secret}" }`);
  await pressButton('Save');
  await says('At 06:30, only on Monday');
  await pressButton('Edit look up Ada');
  expect(await page.$eval('dialog[open] [name=data]', field => (field as HTMLTextAreaElement).value)).toContain('••••');
  await write('dialog[open] [name=when]', '45 7 * * *');
  await pressButton('Save');
  await says('At 07:45');
  const stored = database.db.collection<{ _id: string; data: object }>('taskSchedules');
  expect((await stored.findOne({ _id: 'look up Ada' }))?.data).toEqual({ name: 'ada', pin: secret });
  expect(frames.join('\n')).not.toContain(secret);
  await pressButton('Run now: look up Ada');
  await page.waitForSelector('[data-row="stored look up Ada"] .dot.done');
  await pressButton('Remove look up Ada');
  await click('dialog[open] button.main');
  await page.waitForFunction(() => !document.querySelector('[data-row="stored look up Ada"]'));
});

test('a schedule of the code is paused and resumed', async () => {
  const card = '[data-row="code greet everybody"]';
  const cardSays = (text: string) =>
    page.waitForFunction(
      (...[of, wanted]) => document.querySelector(of)?.textContent?.includes(wanted),
      {},
      card,
      text,
    );
  await followLink('Schedules');
  await cardSays('Next');
  await pressButton('Pause greet everybody');
  await cardSays('Paused by operator');
  await page.reload();
  await cardSays('Paused by operator');
  await pressButton('Resume greet everybody');
  await cardSays('Next');
  await followLink('Audit');
  for (const text of ['pause schedule of the code', 'resume schedule of the code']) await says(text);
});

test('a worker is recycled: another one takes its place', async () => {
  await queue.addTask({ taskType: 'greet' });
  await followLink('Machines');
  const pidOf = () => page.$eval('button[aria-label^="Recycle worker"]', button => button.getAttribute('aria-label'));
  await page.waitForSelector('button[aria-label^="Recycle worker"]');
  const name = await pidOf();
  await pressButton(name ?? '');
  await says('Replace worker');
  await click('dialog[open] button.main');
  await page.waitForFunction(gone => !document.querySelector(`button[aria-label="${gone}"]`), {}, name);
  const id = await queue.addTask({ taskType: 'greet' });
  await eventually(async () => (await queue.findOne(id))?.state === 'done', { timeoutMs: 40_000 });
});

test('a batch has its failed members retried, and is cancelled, each after a question with the number', async () => {
  const fails = { taskType: 'lookUp' as const, data: { name: 'ada', fail: 'no such person' } };
  const later = { taskType: 'greet' as const };
  await queue.addBatch({ _id: 'people', name: 'people', tasks: [fails, fails], then: later, open: true });
  await page.goto(`${roles.webUrl}/console/batches/people`);
  await pressButton('Retry the failed');
  await says('Retry the 2 that have failed of people?');
  await click('dialog[open] button.main');
  await says('2 of 2');
  await page.waitForSelector('.console-graph .current');
  await pressButton('Cancel people');
  await says('of its tasks have not ended');
  await click('dialog[open] button.main');
  await eventually(async () => (await queue.batch('people').read())?.state === 'ended');
});

test('keys lead to pages, rows and the filter, and rest while somebody writes', async () => {
  await page.keyboard.press('?');
  await says('Single keys act');
  await page.keyboard.press('Escape');
  for (const key of ['g', 't'] as const) await page.keyboard.press(key);
  await page.waitForSelector('.console-tasks tbody tr');
  for (const key of ['j', 'j', 'k', 'x'] as const) await page.keyboard.press(key);
  await says('1 selected');
  const first = await page.$eval('.console-tasks tbody tr th a', link => link.getAttribute('href'));
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement?.id === 'filter');
  await page.keyboard.type('gtx');
  expect(await page.$eval('#filter', input => (input as HTMLInputElement).value)).toContain('gtx');
  await page.$eval('#filter', input => (input as HTMLElement).blur());
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForFunction(path => location.pathname === path, {}, first);
});

test('a paused page stays as it is until it goes on', async () => {
  await page.goto(`${roles.webUrl}/console/tasks?tag=later`);
  await says('No task matches');
  await page.keyboard.press('p');
  await says('this page stays as it is');
  const heard = frames.length;
  await queue.addTask({ taskType: 'greet', data: {}, tags: ['later'], dueDate: new Date(Date.now() + 3_600_000) });
  await eventually(() => frames.slice(heard).join('').includes('later'));
  expect(await page.evaluate(() => document.body.textContent)).toContain('No task matches');
  await pressButton('Go on');
  await page.waitForSelector('.console-tasks tbody tr');
});

test('a page, a task and the tasks of a type are found by what is typed', async () => {
  const find = async (text: string, label: string) => {
    await page.keyboard.down('Control');
    await page.keyboard.press('k');
    await page.keyboard.up('Control');
    await page.waitForSelector('.console-palette input:focus');
    await page.keyboard.type(text);
    await page.waitForSelector(`::-p-aria([name="${label}"][role="option"])`);
    await page.keyboard.press('Enter');
  };
  await find('batch', 'Batches');
  await page.waitForFunction(() => location.pathname === '/console/batches');
  const id = await queue.addTask({ taskType: 'greet', data: {}, dueDate: new Date(Date.now() + 3_600_000) });
  await find(id, `Task ${id}`);
  await page.waitForFunction(path => location.pathname === path, {}, `/console/tasks/${id}`);
  await find('lookU', 'Tasks of lookUp');
  await page.waitForFunction(() => location.search === '?type=lookUp');
});

test('a task that waits is snoozed, raised and run now', async () => {
  const dueDate = new Date(Date.now() + 3_600_000);
  const id = await queue.addTask({ taskType: 'greet', data: {}, dueDate });
  await page.goto(`${roles.webUrl}/console/tasks/${id}`);
  await pressButton(`Snooze ${id} for an hour`);
  await eventually(async () => (await queue.findOne(id))!.dueDate.getTime() === dueDate.getTime() + 3_600_000);
  const { priority } = (await queue.findOne(id))!;
  await pressButton(`Raise ${id}`);
  await eventually(async () => (await queue.findOne(id))!.priority > priority);
  await pressButton(`Run ${id} now`);
  await eventually(async () => (await queue.findOne(id))?.state === 'done');
});

test('on a phone the tab of the page that is open is among those that one sees', async () => {
  await page.setViewport({ width: 360, height: 900 });
  await page.goto(`${roles.webUrl}/console/audit`);
  await page.waitForFunction(() => {
    const { left = -1, right = 0 } =
      document.querySelector('.console-nav [aria-current]')?.getBoundingClientRect() ?? {};
    return left >= 0 && right <= innerWidth;
  });
  await page.setViewport({ width: 1280, height: 900 });
});

/** What axe finds; all of its rules, or those alone that a theme or a width can break. */
async function barriers(rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async only => {
    // Another theme comes by transitions, which wait for frames that a browser without a screen may not draw.
    for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(document, only ? { runOnly: { type: 'rule', values: only } } : {});
    return violations.map(
      ({ id, nodes }) => `${location.pathname}: ${id}: ${nodes.map(({ html }) => html).slice(0, 3)}`,
    );
  }, rules);
}

test('no page has a barrier that axe knows, in both themes and narrow or wide', async () => {
  await page.goto(`${roles.webUrl}/console`);
  await page.waitForSelector('.console-nav');
  const failed = (await queue.findOne({ taskType: 'lookUp', state: 'failed' }))?._id;
  const group = (await queue.errors.list()).groups[0]?._id;
  const links = await page.$$eval('.console-nav a', all => all.map(link => link.getAttribute('href') as string));
  const found: string[] = [];
  for (const path of [...links, `/console/tasks/${failed}`, `/console/errors/${group}`]) {
    await page.setViewport({ width: 1280, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    await page.goto(roles.webUrl + path);
    await page.waitForSelector('.console main h2');
    found.push(...(await barriers()));
    for (const [width, theme] of [
      [1280, 'dark'],
      [360, 'dark'],
      [360, 'light'],
    ] as const) {
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
      found.push(...(await barriers(['color-contrast', 'target-size', 'scrollable-region-focusable'])));
    }
  }
  await page.setViewport({ width: 1280, height: 900 });
  await page.keyboard.press('?');
  found.push(...(await barriers()));
  await page.keyboard.press('Escape');
  expect(found).toEqual([]);
}, 180_000);

test('it is said at once that the last jobs role was killed', async () => {
  if (runningPair()) return;
  roles.jobs?.kill();
  await says('No jobs role lives');
});

test('breaks no rule of its own policy', () => {
  expect(complaints).toEqual([]);
});
