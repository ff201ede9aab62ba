import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { catalog } from '../../../imports/tasks/catalog';
import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { Checkout } from '../../support/checkout';
import { type TestDatabase, testDatabase } from '../../support/database';
import { Inspector } from '../../support/inspector';
import { testPort, testPortPair } from '../../support/ports';
import type { TestProcess } from '../../support/processes';

jest.setTimeout(300_000);

const burn = 'imports/tasks/handlers/burn.ts';
const timeoutMs = 200;
const graceMs = 100;

let checkout: Checkout;
let database: TestDatabase;
let npm: TestProcess | undefined;
let inspector: Inspector | undefined;
/** The line of burn.ts that the tests stand still at. */
let line: number;

/** A time-out of burn, and a grace after it, that a person at a breakpoint outlasts. */
beforeEach(async () => {
  checkout = new Checkout();
  database = await testDatabase();
  const settings = JSON.parse(checkout.read('settings-jobs.json'));
  checkout.write('settings-jobs.json', JSON.stringify({ ...settings, workers: { ...settings.workers, graceMs } }));
  const text = checkout
    .read('imports/tasks/catalog.ts')
    .replace('timeout: 2_000 * maxBurnSeconds', `timeout: ${timeoutMs}`);
  checkout.write('imports/tasks/catalog.ts', text);
  checkout.write(burn, checkout.read(burn).replace('  let hashes = 0;\n', "  let hashes = '1234'.length;\n"));
  line =
    checkout
      .read(burn)
      .split('\n')
      .findIndex(text => text.includes("'1234'")) + 1;
});
afterEach(async () => {
  inspector?.close();
  npm?.interrupt();
  await npm?.ended;
  await checkout.remove();
  await database.drop();
});

async function start(port: number, ...flags: string[]): Promise<TestProcess> {
  const args = ['start', '--', '--port', String(port), '--no-types', ...flags];
  npm = checkout.npm(args, { MONGO_URL: database.url });
  await npm.says(/ is ready(: open| \()/, 120_000);
  return npm;
}

async function addBurn(_id: string): Promise<void> {
  const { db, close } = await connect(database.url, 'test');
  const queue = new TaskQueueOf(catalog);
  const { signingKey } = JSON.parse(checkout.read('settings-jobs.json')).queue;
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  await queue.connect({ db, sender, signingKeys: [signingKey].flat() });
  await queue.addTask({ _id, taskType: 'burn', data: { seconds: 0.1, owner: 'ada' } });
  await close();
}

/** Stands still in the handler for longer than its type may take and its worker lives after that, and goes on. */
async function stopOnTheWay(port: number, id: string): Promise<void> {
  inspector = await Inspector.attach(port);
  const file = join(realpathSync(checkout.folder), burn);
  expect(await inspector.breakAt('"1234".length')).toEqual({ file, line });
  await addBurn(id);
  expect((await inspector.untilPaused()).callFrames[0]!.functionName).toMatch(/^handler/);
  expect(await inspector.evaluate('task.data.owner')).toBe('ada');
  await pause(5 * (timeoutMs + graceMs));
  await inspector.goOn();
  await npm!.says(new RegExp(`:${id} done in \\d+ ms attempt=1`), 60_000);
  expect(npm!.output).not.toMatch(/exceeded its time-out|a worker was killed/);
}

test('with --inspect each role and each worker has an inspector; a handler stands at a breakpoint as long as one likes, and so may a role; a debugger that stays holds nothing up', async () => {
  const [port, first] = [await testPortPair(), await testPort()];
  const { output } = await start(port, '--inspect-port', String(first));
  expect(output).toContain(`Inspectors: web role at ${first}, jobs role at ${first + 1}; each worker says its own`);
  await npm!.says(new RegExp(`a worker has its inspector at ${first + 2}`));
  await stopOnTheWay(first + 2, 'burn-1');

  const web = await Inspector.attach(first);
  await web.breakAt('startRole(');
  checkout.write('server/main.ts', `${checkout.read('server/main.ts')}\nglobalThis.console.log("new code");\n`);
  await npm!.says(/\[web \] is ready again/, 60_000);
  web.close();
});

test('with --in-process handlers run in the jobs role, where a breakpoint in one is found too', async () => {
  const [port, first] = [await testPortPair(), await testPort()];
  await start(port, '--role', 'jobs', '--in-process', '--inspect-port', String(first));
  await stopOnTheWay(first + 1, 'burn-2');
  expect(npm!.output).not.toContain('a worker has its inspector');
});
