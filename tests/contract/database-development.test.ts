import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { someMongod } from '../support/bare-machine';
import { eventually } from '../support/eventually';
import { testPort } from '../support/ports';
import { descendants, isAlive, startProcess, type TestProcess } from '../support/processes';
import { root } from '../support/run';

let local: string;
let started: TestProcess[];
let mongodPath: string;

beforeAll(async () => {
  mongodPath = (await someMongod()).path;
}, 120_000);
beforeEach(async () => {
  local = mkdtempSync(join(tmpdir(), 'tandem-local-'));
  await usePortOfOurOwn();
  started = [];
});
afterEach(async () => {
  for (const keeper of started) keeper.signal('SIGTERM');
  await Promise.all(started.map(keeper => keeper.ended));
  rmSync(local, { recursive: true, force: true });
});

/** As an earlier start leaves it. The usual port is wanted by every test that starts `npm start` in a new checkout. */
async function usePortOfOurOwn(): Promise<void> {
  const port = await testPort();
  writeFileSync(join(local, 'database.json'), JSON.stringify({ port }));
}

/** Another process that runs the database of `npm start`. */
async function keepDatabase(): Promise<{ keeper: TestProcess; url: string; mongod: () => number }> {
  const program = join(root, 'tests', 'support', 'programs', 'keep-database.ts');
  const env = { ...process.env, MONGO_URL: '', MONGOMS_SYSTEM_BINARY: mongodPath };
  const keeper = startProcess(process.execPath, ['--import', 'tsx', program, local], { cwd: root, env });
  started.push(keeper);
  const [, url] = await keeper.says(/^ready (\S+)/m);
  return { keeper, url: url!, mongod: () => descendants(keeper.pid)[0]! };
}

async function withClient<T>(url: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 3_000 }).connect();
  return use(client).finally(() => client.close());
}

const remember = (url: string, name: string) =>
  withClient(url, client => client.db().collection<{ _id: string }>('kept').insertOne({ _id: name }));
const remembered = (url: string) =>
  withClient(url, async client => (await client.db().collection('kept').find().toArray()).map(({ _id }) => _id));

test('data stays, in a folder that carries the version, and on the same port', async () => {
  const first = await keepDatabase();
  await remember(first.url, 'a');
  first.keeper.signal('SIGTERM');
  expect(await first.keeper.ended).toBe(0);
  const second = await keepDatabase();
  expect(second.url).toBe(first.url);
  expect(await remembered(second.url)).toEqual(['a']);
  expect(readdirSync(local).filter(name => /^mongo-\d+\.\d+$/.test(name))).toHaveLength(1);
});

test('it is a replica set of one, on loopback only, with a small cache', async () => {
  const { url } = await keepDatabase();
  const options = await withClient(url, client => client.db('admin').command({ getCmdLineOpts: 1 }));
  expect(options.parsed.net.bindIp).toBe('127.0.0.1');
  expect(options.parsed.storage.wiredTiger.engineConfig.cacheSizeGB).toBe(0.25);
  expect(options.parsed.replication.replSet).toBe('tandem');
});

test('after kill -9 mongod ends too', async () => {
  const { keeper, mongod } = await keepDatabase();
  const pid = mongod();
  keeper.signal('SIGKILL');
  await eventually(() => !isAlive(pid));
});

test('after kill -9 the next start works at once, on the same port, with the data', async () => {
  const first = await keepDatabase();
  await remember(first.url, 'before the crash');
  first.keeper.signal('SIGKILL');
  await first.keeper.ended;
  const second = await keepDatabase();
  expect(second.url).toBe(first.url);
  expect(await remembered(second.url)).toEqual(['before the crash']);
});

test('when mongod was killed as well, the next start works with the data', async () => {
  const first = await keepDatabase();
  await remember(first.url, 'acknowledged');
  const pid = first.mongod();
  for (const victim of [first.keeper.pid, pid]) process.kill(victim, 'SIGKILL');
  await first.keeper.ended;
  const second = await keepDatabase();
  expect(await remembered(second.url)).toEqual(['acknowledged']);
});

test('when a stranger has taken the port, the database moves and its data comes along', async () => {
  const first = await keepDatabase();
  await remember(first.url, 'moved');
  first.keeper.signal('SIGTERM');
  await first.keeper.ended;
  const stranger = await listenOn(Number(new URL(first.url).port));
  try {
    const second = await keepDatabase();
    expect(second.url).not.toBe(first.url);
    expect(second.keeper.output).toMatch(/Port \d+ is taken by another program: the database moves to port \d+/);
    expect(await remembered(second.url)).toEqual(['moved']);
  } finally {
    stranger.close();
  }
});

test('a second npm start of the same checkout shares the database of the first', async () => {
  const first = await keepDatabase();
  const second = await keepDatabase();
  expect(second.url).toBe(first.url);
  second.keeper.signal('SIGTERM');
  await second.keeper.ended;
  expect(await remembered(first.url)).toEqual([]);
});

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
