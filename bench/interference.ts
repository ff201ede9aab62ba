/**
 * How much heavy work in the jobs role disturbs the web role on the same machine: `npm run bench:interference`.
 *
 * Starts both roles as real processes, lets 50 visitors call a method of the web role every 250 ms, and prints the round
 * trips' p50, p95 and p99, idle and with four CPU-bound tasks, and their ratio. E2E_WEB_URL and
 * E2E_JOBS_URL measure a pair that runs already.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundler } from '../infra/dev/bundling/bundler';
import { startReplicaSet } from '../infra/dev/database/replica-set';
import { findMongo } from '../infra/dev/database/ways';
import { freePort } from '../infra/dev/ports';
import { privateFolder, root } from '../infra/dev/root';
import { roleEnvironment } from '../infra/dev/running/role-environment';
import { readSettings } from '../infra/dev/settings-file';
import { eventually } from '../tests/support/eventually';
import { ForeignClient } from '../tests/support/foreign-ddp';
import { startProcess, type TestProcess } from '../tests/support/processes';

const visitors = 50;
// A visitor may read the pulse 50 times in ten seconds.
const everyMs = 250;
const measureMs = 10_000;
const tasks = 4;
const aim = 3;

interface Pair {
  webUrl: string;
  jobsUrl: string;
  stop(): Promise<void>;
}

interface Figures {
  calls: number;
  p50: number;
  p95: number;
  p99: number;
}

async function startPair(): Promise<Pair> {
  const { E2E_WEB_URL: webUrl, E2E_JOBS_URL: jobsUrl } = process.env;
  if (webUrl && jobsUrl) return { webUrl, jobsUrl, stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'tandem-interference-'));
  const bundler = new Bundler(join(root, '.local', 'bench'));
  await bundler.build();
  await bundler.stop();
  const found = await findMongo();
  const mongo = 'url' in found ? { url: found.url, stop: async () => {} } : await startReplicaSet(found.mongod);
  const ports = { web: await freePort(), jobs: await freePort() };
  const processes = await Promise.all(
    (['jobs', 'web'] as const).map(async role => {
      const settings = await readSettings(join(root, `settings-${role}.json`));
      const env = roleEnvironment(role, settings, {
        mongoUrl: mongo.url,
        clientFolder: bundler.clientFolder,
        privateFolder,
        publicFolder: join(root, 'public'),
        ports,
      });
      return startProcess(process.execPath, [bundler.serverFile], { env, cwd: folder });
    }),
  );
  const pair = { webUrl: `http://127.0.0.1:${ports.web}`, jobsUrl: `http://127.0.0.1:${ports.jobs}` };
  await Promise.all(Object.values(pair).map(url => eventually(() => fetch(url).catch(() => undefined))));
  return { ...pair, stop: () => stopAll(processes, mongo, folder) };
}

async function stopAll(processes: TestProcess[], mongo: { stop(): Promise<void> }, folder: string): Promise<void> {
  for (const role of processes) role.signal('SIGTERM');
  await Promise.all(processes.map(({ ended }) => ended));
  await mongo.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Each visitor calls at a steady pace, whatever the last call took, so that a slow answer hides none behind it. */
async function measure(clients: ForeignClient[]): Promise<Figures> {
  const took: number[] = [];
  const calls: Promise<unknown>[] = [];
  const call = async (client: ForeignClient) => {
    const from = performance.now();
    await client.call('pulse.read');
    took.push(performance.now() - from);
  };
  const timers = clients.map((client, place) => {
    const offset = (place * everyMs) / clients.length;
    return setTimeout(() => timers.push(setInterval(() => calls.push(call(client)), everyMs)), offset);
  });
  await new Promise(resolve => setTimeout(resolve, measureMs));
  for (const timer of timers) clearInterval(timer);
  await Promise.all(calls);
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)]! * 100) / 100;
  return { calls: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The first calls compile what they run. By others: a connection may not call without end. */
async function warmUp({ webUrl }: Pair): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 20 }, () => ForeignClient.open(webUrl)));
  for (let round = 0; round < 40; round += 1) await Promise.all(clients.map(client => client.call('pulse.read')));
  for (const client of clients) client.close();
}

async function burn({ webUrl, jobsUrl }: Pair): Promise<ForeignClient> {
  const client = await ForeignClient.open(webUrl);
  await client.enter();
  await client.call('burn.start', { seconds: measureMs / 1_000 + 5, tasks });
  const busy = async () => {
    const health = (await (await fetch(`${jobsUrl}/healthz`)).json()) as { workers: { busy: number } };
    return health.workers.busy >= Math.min(tasks, cpus().length);
  };
  await eventually(busy);
  return client;
}

async function run(): Promise<void> {
  const pair = await startPair();
  try {
    const clients = await Promise.all(Array.from({ length: visitors }, () => ForeignClient.open(pair.webUrl)));
    await warmUp(pair);
    const idle = await measure(clients);
    const burner = await burn(pair);
    const burning = await measure(clients);
    burner.close();
    for (const client of clients) client.close();
    console.table({ idle, [`${tasks} CPU-bound tasks`]: burning });
    const ratio = burning.p99 / idle.p99;
    const verdict = ratio < aim ? 'within' : 'beyond';
    console.log(
      `${visitors} visitors, a call every ${everyMs} ms, ${cpus().length} cores: the p99 is ${ratio.toFixed(2)} times the idle one, ${verdict} the aim of ${aim}.`,
    );
  } finally {
    await pair.stop();
  }
}

run().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
