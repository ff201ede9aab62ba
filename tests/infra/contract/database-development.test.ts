import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { FolderTaken, launch } from '../../../infra/dev/database/mongod';
import { answers } from '../../../infra/dev/database/ping';
import { becomePrimary } from '../../../infra/dev/database/replica-set';
import { someMongod } from '../../support/bare-machine';
import { eventually } from '../../support/eventually';
import { testPort } from '../../support/ports';
import { descendants, isAlive, startProcess, type TestProcess } from '../../support/processes';
import { root } from '../../support/run';

jest.setTimeout(120_000);

/** With a `package.json`, where a test has one. */
let checkout: string;
let local: string;
let port: number;
let started: TestProcess[];
let mongodPath: string;

beforeAll(async () => {
  mongodPath = (await someMongod()).path;
}, 120_000);
beforeEach(async () => {
  checkout = mkdtempSync(join(tmpdir(), 'tandem-local-'));
  local = join(checkout, '.local');
  mkdirSync(local);
  // The usual port is wanted by every test that starts `npm start` in a new checkout.
  port = await testPort();
  leave({ port });
  started = [];
});
afterEach(async () => {
  for (const keeper of started) keeper.signal('SIGTERM');
  await Promise.all(started.map(keeper => keeper.ended));
  rmSync(checkout, { recursive: true, force: true });
});

/** What an earlier start has left. */
const leave = (lease: object) => writeFileSync(join(local, 'database.json'), JSON.stringify(lease));

/** Another process that runs the database of `npm start`. */
async function keepDatabase(): Promise<{ keeper: TestProcess; url: string; mongod: () => number }> {
  const program = join(root, 'tests', 'support', 'programs', 'keep-database.ts');
  const env = { ...process.env, MONGO_URL: '', MONGOMS_SYSTEM_BINARY: mongodPath };
  const keeper = startProcess(process.execPath, ['--require', 'tsx/cjs', program, local], { cwd: root, env });
  started.push(keeper);
  const [, url] = await keeper.says(/^ready (\S+)/m, 60_000);
  return { keeper, url: url!, mongod: () => descendants(keeper.pid)[0]! };
}

async function withClient<T>(url: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 30_000 }).connect();
  return use(client).finally(() => client.close());
}

const remember = (url: string, name: string) =>
  withClient(url, client => client.db().collection<{ _id: string }>('kept').insertOne({ _id: name }));
const remembered = (url: string) =>
  withClient(url, async client => (await client.db().collection('kept').find().toArray()).map(({ _id }) => _id));

async function end({ keeper }: { keeper: TestProcess }, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  keeper.signal(signal);
  expect(await keeper.ended).toBe(signal === 'SIGTERM' ? 0 : signal);
}

test('it is a replica set of one, on loopback only, with a small cache; its data stays, and moves with it', async () => {
  const first = await keepDatabase();
  const { parsed } = await withClient(first.url, client => client.db('admin').command({ getCmdLineOpts: 1 }));
  expect(parsed.net.bindIp).toBe('127.0.0.1');
  expect(parsed.storage.wiredTiger.engineConfig.cacheSizeGB).toBe(0.25);
  expect(parsed.replication.replSet).toBe('tandem');
  await remember(first.url, 'a');
  await end(first);

  const second = await keepDatabase();
  expect(second.url).toBe(first.url);
  expect(await remembered(second.url)).toEqual(['a']);
  expect(readdirSync(local).filter(name => /^mongo-\d+\.\d+$/.test(name))).toHaveLength(1);
  await end(second);

  const stranger = await listenOn(port);
  try {
    const third = await keepDatabase();
    expect(third.url).not.toBe(first.url);
    expect(third.keeper.output).toMatch(/Port \d+ is taken by another program: the database moves to port \d+/);
    expect(await remembered(third.url)).toEqual(['a']);
  } finally {
    stranger.close();
  }
});

test('the database of a package whose name MongoDB would not take has one that it takes', async () => {
  writeFileSync(join(checkout, 'package.json'), JSON.stringify({ name: '@acme/shop.web' }));
  const { url } = await keepDatabase();
  expect(new URL(url).pathname).toBe('/acme-shop-web');
  await remember(url, 'a');
  expect(await remembered(url)).toEqual(['a']);
});

test('after kill -9 the next start works at once, on the same port, with the data; mongod ends by itself too', async () => {
  const first = await keepDatabase();
  await remember(first.url, 'before the crash');
  await end(first, 'SIGKILL');

  const second = await keepDatabase();
  expect(second.url).toBe(first.url);
  expect(await remembered(second.url)).toEqual(['before the crash']);
  await remember(second.url, 'before the power failed');
  process.kill(second.mongod(), 'SIGKILL');
  await end(second, 'SIGKILL');

  const third = await keepDatabase();
  expect(await remembered(third.url)).toEqual(['before the crash', 'before the power failed']);
  const pid = third.mongod();
  await end(third, 'SIGKILL');
  await eventually(() => !isAlive(pid), { timeoutMs: 40_000 });
});

test('a mongod of a crashed start that is ending already, and answers no more, is waited for', async () => {
  const ending = await listenOn(port);
  ending.once('connection', () => setTimeout(() => ending.close(), 3_000));
  const { pid } = spawnSync('true');
  leave({ owner: pid, port, url: `mongodb://127.0.0.1:${port}/tandem` });
  expect(new URL((await keepDatabase()).url).port).toBe(String(port));
});

test('of two npm starts of one checkout at the same moment, and of a later one, each has the same database', async () => {
  const both = await Promise.all([keepDatabase(), keepDatabase()]);
  const third = await keepDatabase();
  expect(new Set([...both, third].map(({ url }) => url)).size).toBe(1);
  await end(third);
  expect(await remembered(both[0].url)).toEqual([]);
});

test('a mongod that hangs up while it comes up is asked again, and one that has ended is not waited for', async () => {
  const mongod = await launch(await someMongod(), local, port);
  const doors = [await testPort(), await testPort()];
  const hangUp = await Promise.all(doors.map(door => listenOn(door, hangingUp(port))));
  try {
    await becomePrimary(doors[0]!, new Promise(() => {}));
    await answers(`mongodb://127.0.0.1:${doors[1]}/?directConnection=true`);
    await expect(becomePrimary(1, Promise.resolve('exit code 14'))).rejects.toThrow(/ended while.*exit code 14/);
  } finally {
    for (const server of hangUp) server.close();
    await mongod.stop();
  }
});

test('only a mongod that is seen to serve our data is told to end', async () => {
  const stranger = await launch(await someMongod(), mkdtempSync(join(local, 'strangers-')), port);
  const { pid } = spawnSync('true');
  leave({ owner: pid, port, url: `mongodb://127.0.0.1:${port}/tandem` });
  const { keeper } = await keepDatabase();
  expect(keeper.output).toMatch(/Port \d+ is taken by another program/);
  expect(isAlive(stranger.mongodProcess!.pid!)).toBe(true);
  await stranger.stop();
});

test('a locked data folder is told as such, though mongod says more in the same breath', async () => {
  const path = join(local, 'mongod');
  const locked = '{"msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: Unable to lock"}}';
  const says = `printf '%s\\n' '${locked}' '{"msg":"Shutting down"}'`;
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && exec echo 'db version v6.0.5'\n${says}\nexit 100\n`, {
    mode: 0o755,
  });
  await expect(launch({ path, version: '6.0.5' }, local, 1)).rejects.toThrow(FolderTaken);
});

/** Hands connections on to `target`; the first of them end as soon as they are used for more than a greeting. */
function hangingUp(target: number): (socket: Socket) => void {
  let left = 6;
  return socket => {
    left -= 1;
    const upstream = connect(target, '127.0.0.1');
    socket
      .on('error', () => {})
      .pipe(upstream.on('error', () => {}))
      .pipe(socket);
    if (left < 0) return;
    let messages = 0;
    socket.on('data', () => {
      messages += 1;
      if (messages > 1) socket.destroy();
    });
  };
}

function listenOn(port: number, meet: (socket: Socket) => void = socket => socket.destroy()): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(meet);
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
