import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { buildWorker } from '../../infra/dev/bundling/build-worker';
import { browserBundle, serverBundle } from '../../infra/dev/bundling/bundles';
import { readSettings, type Settings } from '../../infra/dev/json-file';
import { freePort } from '../../infra/dev/ports';
import { root } from '../../infra/dev/root';
import { roleEnvironment } from '../../infra/dev/running/roles';
import type { SetUpKey, Start } from './figures';
import { type PartOptions, Parts } from './parts';

const folder = join(root, '.local', 'bench', 'profile');
const privateFolder = join(folder, 'private');
const from = (name: string) => join(__dirname, name);

/**
 * How long after its death another process takes over what a process had claimed. A third of it is the longest that a
 * call to the database may take: longer than the longest task, so that a blocked event loop mistakes none for lost.
 */
export const leaseMs = 15_000;

/** Builds the profile's own app, and the plain worker that does without Meteor. */
export async function build(): Promise<void> {
  await mkdir(privateFolder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await writeFile(join(privateFolder, 'package.json'), '{}\n');
  await Promise.all([
    bundle(serverBundle(folder, { entry: from('app/main.ts') })),
    bundle(browserBundle(join(folder, 'client'))),
    buildWorker({ entry: from('app/worker.ts'), outDir: join(privateFolder, 'workers') }),
    bundle({
      entryPoints: [from('plain-worker.ts')],
      outfile: join(privateFolder, 'plain-worker.js'),
      bundle: true,
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'silent',
    }),
  ]);
}

export interface Wanted {
  setUp: SetUpKey;
  mongoUrl: string;
  workers: number;
  jobsRoles?: number;
  /** What the schedule adds, as JSON; without it there is none. */
  burst?: string;
  /** The JavaScript heap of every process. */
  heapMb: number;
  /** Whether workers start with their role, and stay. */
  keepWorkers?: boolean;
  /** Whether the log has the start of each worker. */
  logStarts?: boolean;
}

export interface RunningSetUp {
  webUrl: string;
  parts: Parts;
  starts: Start[];
}

export async function startSetUp(wanted: Wanted): Promise<RunningSetUp> {
  const { setUp, jobsRoles = 1 } = wanted;
  const ports = await Promise.all(Array.from({ length: 1 + jobsRoles }, freePort));
  const { parts, starts } = await Parts.start(await partsOf[setUp](wanted, ports));
  return { webUrl: at(ports[0]!), parts, starts };
}

const partsOf: Record<SetUpKey, (wanted: Wanted, ports: number[]) => Promise<PartOptions[]>> = {
  async monolith(wanted, [web]) {
    return [await role('app', wanted, web!, web!, { PROFILE_TASKS_IN: 'role', ...scheduleOf(wanted) })];
  },
  async pool(wanted, [web]) {
    return [await role('app', wanted, web!, web!, scheduleOf(wanted))];
  },
  async roles(wanted, [web, ...jobs]) {
    const jobsRoles = jobs.map(port => role('jobs', wanted, port, port, scheduleOf(wanted)));
    return [...(await Promise.all(jobsRoles)), await role('web', wanted, web!, jobs[0]!)];
  },
  async plain(wanted, [web]) {
    const workers = Array.from({ length: wanted.workers }, (_, place) => plainWorker(wanted, place));
    return [...workers, await role('web', wanted, web!, web!, { PROFILE_TASKS_IN: 'plain' })];
  },
};

const scheduleOf = ({ burst }: Wanted): NodeJS.ProcessEnv => (burst ? { PROFILE_BURST: burst } : {});

async function role(
  name: 'app' | 'web' | 'jobs',
  wanted: Wanted,
  port: number,
  jobsPort: number,
  more: NodeJS.ProcessEnv = {},
): Promise<PartOptions> {
  const settings = await settingsOf(name, wanted);
  const deps = {
    mongoUrl: wanted.mongoUrl,
    clientFolder: join(folder, 'client'),
    privateFolder,
    publicFolder: join(root, 'public'),
    jobsPort,
  };
  const env = { ...roleEnvironment(port, settings, deps), NODE_OPTIONS: heapOf(wanted), ...more };
  const ready = async () => (await fetch(`${at(port)}/healthz`)).ok;
  return { name, script: join(folder, 'server.js'), env, ready };
}

/** Those of this template. The thresholds of overload are off: here the load is to be seen, not held back. */
async function settingsOf(
  name: 'app' | 'web' | 'jobs',
  { setUp, workers, keepWorkers, logStarts }: Wanted,
): Promise<Settings> {
  const own = await readSettings(join(root, `settings-${name === 'web' ? 'web' : 'jobs'}.json`));
  const { runJobs, link, ...rest } = own;
  return {
    ...rest,
    ...(name !== 'app' && { runJobs }),
    ...(setUp === 'roles' && { link }),
    queue: { ...(own.queue as Settings), leaseMs, heartbeatMs: leaseMs / 3 },
    workers: {
      ...(own.workers as Settings),
      count: workers,
      // A role starts one worker at least once, to see that it knows the same catalog.
      env: ['NODE_OPTIONS', 'PROFILE_TASKS_IN'],
      ...(keepWorkers && setUp !== 'monolith' && { keepAlive: 'always' }),
      maxMemoryMb: 256,
    },
    overload: { eventLoopDelayMs: 0, cpu: 0, freeMemoryMb: 0 },
    log: { format: 'json', level: logStarts ? 'debug' : 'warn' },
  };
}

function plainWorker(wanted: Wanted, place: number): PartOptions {
  const { PATH, HOME } = process.env;
  const burst = place === 0 ? scheduleOf(wanted) : {};
  return {
    name: 'worker',
    script: join(privateFolder, 'plain-worker.js'),
    env: { PATH, HOME, MONGO_URL: wanted.mongoUrl, NODE_OPTIONS: heapOf(wanted), ...burst } as NodeJS.ProcessEnv,
    ready: said => said.includes('the plain worker is ready'),
  };
}

const heapOf = ({ heapMb }: Wanted) => `--max-old-space-size=${heapMb}`;
const at = (port: number) => `http://127.0.0.1:${port}`;

/** How long a worker takes from its start to its first word, as its role logs it. */
export async function workerStartMs(wanted: Wanted): Promise<number> {
  const { parts } = await startSetUp({ ...wanted, workers: 1, logStarts: true });
  const logged = /"durationMs":(\d+),"event":"worker\.started"/.exec(parts.output);
  await parts.stop();
  return Number(logged?.[1]);
}
