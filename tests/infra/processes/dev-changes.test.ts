import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../../support/browser';
import { Checkout } from '../../support/checkout';
import { eventually } from '../../support/eventually';
import { testPortPair } from '../../support/ports';
import { commandLine, descendants, type TestProcess } from '../../support/processes';

jest.setTimeout(180_000);

let checkout: Checkout;
let npm: TestProcess;
let port: number;
let heard = 0;

beforeAll(async () => {
  checkout = new Checkout();
  port = await testPortPair();
  // The check of the whole checkout would take most of this test's time.
  const config = JSON.parse(checkout.read('tsconfig.json'));
  checkout.write('tsconfig.json', JSON.stringify({ ...config, include: ['imports/typed.ts'] }));
  checkout.write('imports/typed.ts', 'export const typed: number = 1;\n');
  npm = checkout.npm(['start', '--', '--port', String(port)]);
  await npm.says(/ is ready(: open| \()/, 120_000);
});
afterAll(() => checkout.remove());
beforeEach(() => {
  heard = npm.output.length;
});

const roles = () => descendants(npm.pid).filter(pid => commandLine(pid).includes('.local/build/server.js'));
const since = () => npm.output.slice(heard);

/** Waits until it is said anew, after the change. */
async function says(pattern: RegExp): Promise<void> {
  await npm.says(new RegExp(`(?<=^[^]{${heard},})${pattern.source}`), 90_000);
}

function append(path: string, text: string): void {
  checkout.write(path, checkout.read(path) + text);
}

/** Some handler of the app, whatever it is. */
const aHandler = () =>
  readdirSync(join(checkout.folder, 'imports/tasks/handlers')).find(name => name !== 'index.ts' && /\.ts$/.test(name))!;

function appName(name: string): void {
  const settings = JSON.parse(checkout.read('settings-web.json'));
  checkout.write('settings-web.json', JSON.stringify({ ...settings, public: { appName: name } }));
}

test('a change of server code restarts both roles', async () => {
  append('server/main.ts', '\nglobalThis.console.log("the new server code");\n');
  await says(/\[web \] is ready again/);
  await says(/\[jobs\] is ready again/);
  await says(/\[web \] the new server code/);
});

test('what the Node host lacks is a warning that names it, and the roles run', async () => {
  append(
    'server/main.ts',
    `import { Facebook } from 'meteor/facebook-oauth';
     Facebook.config({ loginStyle: 'popup' });
     globalThis.console.log("users:", Facebook.users?.find());\n`,
  );
  await says(/meteor\/facebook-oauth is not part of the Node host/);
  await says(/\[web \] users: undefined[\s\S]*\[web \] is ready again/);
  await says(/\[jobs\] users: undefined[\s\S]*\[jobs\] is ready again/);
});

test('a change of a handler restarts the jobs role only', async () => {
  const [...before] = roles();
  append(`imports/tasks/handlers/${aHandler()}`, '\nglobalThis.Date.now();\n');
  await says(/\[jobs\] is ready again/);
  expect(since()).not.toContain('[web ] restarts');
  expect(roles().filter(pid => before.includes(pid))).toHaveLength(1);
});

describe('an open page', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on('console', message => message.type() === 'error' && problems.push(message.text()));
    await page.goto(`http://localhost:${port}`);
    await page.waitForSelector('#root *');
    await mark();
  });
  afterAll(() => browser?.close());

  /** A reload takes this away. */
  const mark = () => page.evaluate('window.marked = true');
  const isMarked = () => page.evaluate('window.marked === true');
  /** While the page reloads there is nothing to ask. */
  const becomes = (expression: string) =>
    eventually(() => page.evaluate(expression).catch(() => false), { timeoutMs: 60_000 });

  test('takes up a stylesheet without a reload, and nothing restarts', async () => {
    const before = roles();
    append('client/main.css', '\n#root { outline-color: rgb(1, 2, 3) }\n');
    await becomes("getComputedStyle(document.querySelector('#root')).outlineColor === 'rgb(1, 2, 3)'");
    await becomes("document.querySelectorAll('link.__meteor-css__').length === 1");
    expect(await isMarked()).toBe(true);
    expect(roles()).toEqual(before);
  });

  test('shows what does not compile, with file, line and caret, until it is mended', async () => {
    const good = checkout.read('client/main.tsx');
    checkout.write('client/main.tsx', `const broken = ;\n${good}`);
    await becomes("document.querySelector('#build-error') !== null");
    expect(await page.evaluate("document.querySelector('#build-error').innerText")).toMatch(
      /client\/main\.tsx:1:15:\s+1 │ const broken = ;\s+╵ +\^/,
    );
    checkout.write('client/main.tsx', good);
    await becomes("document.querySelector('#build-error') === null");
    expect(await isMarked()).toBe(true);
  });

  test('loads again for new code, after the role that serves it where that changes too; its policy forbids none of it', async () => {
    append('client/main.tsx', '\n(window as { newPage?: boolean }).newPage = true;\n');
    await becomes('window.newPage && !window.marked');
    await mark();
    append('infra/console/contract.ts', '\n(globalThis as { newBoth?: boolean }).newBoth = true;\n');
    await becomes('window.newBoth && !window.marked');
    await says(/\[jobs\] is ready again/);
    expect(problems.filter(text => /Content Security Policy|Refused/.test(text))).toEqual([]);
  });
});

test("a change of one role's settings restarts that role", async () => {
  appName('Renamed');
  await says(/\[web \] is ready again/);
  expect(since()).not.toContain('[jobs] restarts');
});

test('settings that are no JSON any more are told, and the last good ones stay', async () => {
  const good = checkout.read('settings-jobs.json');
  const before = roles();
  checkout.write('settings-jobs.json', '{');
  await says(/settings-jobs\.json: is not JSON/);
  expect(roles()).toEqual(before);
  checkout.write('settings-jobs.json', good);
  await says(/\[jobs\] is ready again/);
});

test('a build error shows file and line, and the last good version runs on', async () => {
  const good = checkout.read('server/main.ts');
  const before = roles();
  checkout.write('server/main.ts', 'const broken = ;\n');
  await says(/server\/main\.ts:1:15/);
  await says(/The last good version runs on/);
  expect(roles()).toEqual(before);
  checkout.write('server/main.ts', good);
  await says(/It builds again/);
  expect(roles()).toEqual(before);
});

test('an error in the types is shown with its place, and that it is mended', async () => {
  checkout.write('imports/typed.ts', "export const typed: number = 'one';\n");
  await says(/\[types\] 1 error\n\[types\] imports\/typed\.ts:1:14 Type 'string' is not assignable[^\n]* \(TS2322\)/);
  checkout.write('imports/typed.ts', 'export const typed: number = 1;\n');
  await says(/\[types\] the types are right again/);
});

test('settings that change while the code does not build reach their role once it does', async () => {
  const good = checkout.read('server/main.ts');
  checkout.write('server/main.ts', 'const broken = ;\n');
  await says(/The last good version runs on/);
  appName('Renamed again');
  await says(/The last good version runs on[\s\S]*The last good version runs on/);
  expect(since()).not.toContain('restarts');
  checkout.write('server/main.ts', good);
  await says(/\[web \] is ready again/);
  expect(since()).not.toContain('[jobs] restarts');
});

test('a role that dies starts again by itself, later each time, and at once when a file changes', async () => {
  const before = roles();
  process.kill(before[0]!, 'SIGKILL');
  await says(/has died \(killed by SIGKILL\): it starts again in 1 s/);
  await says(/is ready again/);
  const again = roles().filter(pid => !before.includes(pid));
  expect(again).toHaveLength(1);
  process.kill(again[0]!, 'SIGKILL');
  await says(/it starts again in 2 s/);
  append('client/main.css', '\n.newer { color: red }\n');
  await says(/is ready again[\s\S]*is ready again/);
  expect(roles()).toHaveLength(2);
});

test('a database that dies is started again on its data, which is one line, and the roles go on by themselves', async () => {
  const processes = () => descendants(npm.pid);
  const mongod = () => processes().filter(pid => /\/mongod /.test(commandLine(pid)));
  // Workers come and go with their tasks.
  const others = () =>
    processes().filter(pid => !/mongod|mongo_killer|workers\/main\.js|tandem worker/.test(commandLine(pid)));
  const before = others();
  const [killed] = mongod();
  process.kill(killed!, 'SIGKILL');
  await says(/Database: mongod has ended \(killed by SIGKILL\): it is started again on the same data/);
  await eventually(() => mongod().length === 1 && mongod()[0] !== killed, { timeoutMs: 60_000 });
  for (const at of [port, port + 100])
    await eventually(async () => (await fetch(`http://localhost:${at}/healthz`)).ok, { timeoutMs: 60_000 });
  expect(since().match(/^Database.*$/gm)).toHaveLength(1);
  expect(since()).not.toMatch(/^\s+at /m);
  expect(others()).toEqual(before);
});

test('db:reset refuses while it runs, and says who runs', async () => {
  const reset = checkout.npm(['run', 'db:reset', '--', '--yes']);
  expect(await reset.ended).toBe(1);
  expect(reset.output).toMatch(/The database is in use by the npm start with pid \d+\. Stop that first \(Ctrl-C\)/);
});
