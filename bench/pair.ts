import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundler } from '../infra/dev/bundling/bundler';
import { findMongo } from '../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../infra/dev/database/replica-set';
import { readSettings } from '../infra/dev/json-file';
import { freePort } from '../infra/dev/ports';
import { privateFolder, root } from '../infra/dev/root';
import { roleEnvironment } from '../infra/dev/running/roles';
import { eventually } from '../tests/support/eventually';
import { startProcess, type TestProcess } from '../tests/support/processes';

/** Both roles, and their database. */
export interface Pair {
  webUrl: string;
  mongoUrl: string;
  stop(): Promise<void>;
}

/** The pair that E2E_WEB_URL and MONGO_URL name, on whatever host it runs; without them one of its own on a fresh database. */
export async function startPair(): Promise<Pair> {
  const { E2E_WEB_URL: webUrl, MONGO_URL: mongoUrl } = process.env;
  if (!webUrl) return startOwnPair();
  if (!mongoUrl)
    throw new Error('MONGO_URL: names the database of the pair at E2E_WEB_URL; the bulk of tasks goes there');
  return { webUrl, mongoUrl, stop: async () => {} };
}

async function startOwnPair(): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-interference-'));
  const bundler = new Bundler(join(root, '.local', 'bench'));
  await bundler.build();
  await bundler.stop();
  const found = await findMongo();
  const mongo = 'url' in found ? { url: found.url, stop: async () => {} } : await startReplicaSet(found.mongod);
  const mongoUrl = databaseIn(mongo.url, `bench_interference_${process.pid}`);
  const ports = { web: await freePort(), jobs: await freePort() };
  const { clientFolder, serverFile } = bundler;
  const deps = { mongoUrl, clientFolder, privateFolder, publicFolder: join(root, 'public'), jobsPort: ports.jobs };
  const processes = await Promise.all(
    (['jobs', 'web'] as const).map(async role => {
      const settings = await readSettings(join(root, `settings-${role}.json`));
      const env = roleEnvironment(ports[role], settings, deps);
      return startProcess(process.execPath, [serverFile], { env, cwd: folder });
    }),
  );
  const urls = Object.values(ports).map(port => `http://127.0.0.1:${port}`);
  await Promise.all(urls.map(url => eventually(async () => (await fetch(`${url}/healthz`)).ok)));
  return { webUrl: `http://127.0.0.1:${ports.web}`, mongoUrl, stop: () => stopAll(processes, mongo, folder) };
}

function databaseIn(url: string, name: string): string {
  return url.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${name}`);
}

async function stopAll(processes: TestProcess[], mongo: { stop(): Promise<void> }, folder: string): Promise<void> {
  for (const role of processes) role.signal('SIGTERM');
  await Promise.all(processes.map(({ ended }) => ended));
  await mongo.stop();
  await rm(folder, { recursive: true, force: true });
}
