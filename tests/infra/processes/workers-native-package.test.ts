import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildFaultWorker, FaultPool } from '../../support/fault-task-pool';
import { root } from '../../support/run';

let built: string;
let bundle: string;
let pool: FaultPool | undefined;

beforeAll(async () => {
  built = (await buildFaultWorker()).file;
});
beforeEach(async () => {
  bundle = await mkdtemp(join(tmpdir(), 'tandem-bundle-'));
});
afterEach(async () => {
  await pool?.pool.stop(1_000);
  await rm(bundle, { recursive: true });
});

/** Where a Meteor bundle has its worker file, and its packages: in no folder where Node would look. */
async function startInBundle(packages: string[]): Promise<FaultPool> {
  const server = join(bundle, 'programs/server');
  const workers = join(server, 'assets/app/workers');
  await mkdir(workers, { recursive: true });
  await cp(dirname(built), workers, { recursive: true });
  for (const name of packages)
    await cp(join(root, 'node_modules', name), join(server, 'npm/node_modules', name), { recursive: true });
  pool = await new FaultPool({ file: join(workers, 'main.js') }).start();
  return pool;
}

test('a package with native code is found in the packages of a Meteor bundle', async () => {
  const inBundle = await startInBundle(['sharp', '@img', 'detect-libc', 'semver']);
  expect((await inBundle.run('useSharp')).outcome).toEqual({ kind: 'done', value: true });
});

test('a package without its native part for this system says in one line what to do', async () => {
  const inBundle = await startInBundle(['sharp', 'detect-libc', 'semver']);
  const { outcome } = await inBundle.run('useSharp');
  const { message } = (outcome as { error: Error }).error;
  expect(outcome).toMatchObject({ kind: 'failed', fatal: false });
  expect(message).toMatch(/^sharp can't be loaded on \S+: [^\n]* run: npm install --os=\S+ --cpu=\S+[^\n]* sharp$/);
});

test('a package that is not there at all says so too', async () => {
  const { outcome } = await (await startInBundle([])).run('useSharp');
  expect((outcome as { error: Error }).error.message).toMatch(/^sharp can't be loaded on .*Cannot find module 'sharp'/);
});
