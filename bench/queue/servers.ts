import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongo } from '../../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../../infra/dev/database/replica-set';
import { freePort } from '../../infra/dev/ports';
import { eventually } from '../../tests/support/eventually';

/** A database server of the benchmark's own, on loopback, in a folder that goes with it. */
export interface Server {
  url: string;
  version: string;
  stop(): Promise<void>;
}

/** Those that this machine has; the others' peers are left out. */
export interface Servers {
  mongodb: Server;
  redisEachSecond?: Server | undefined;
  redisEachWrite?: Server | undefined;
  postgres?: Server | undefined;
}

export async function startServers(): Promise<Servers> {
  const redis = find('redis-server', []);
  const postgres = find(
    'postgres',
    ['15', '16', '17', '18'].map(version => `/usr/lib/postgresql/${version}/bin`),
  );
  return {
    mongodb: await startMongo(),
    redisEachSecond: redis ? await startRedis(redis, 'everysec') : undefined,
    redisEachWrite: redis ? await startRedis(redis, 'always') : undefined,
    postgres: postgres ? await startPostgres(postgres) : undefined,
  };
}

async function startMongo(): Promise<Server> {
  const found = await findMongo();
  if ('url' in found) return { url: found.url, version: 'of MONGO_URL', stop: async () => {} };
  const { url, stop } = await startReplicaSet(found.mongod);
  return { url, version: found.mongod.version, stop };
}

async function startRedis(program: string, appendfsync: 'everysec' | 'always'): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'));
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync, save: '' };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const stop = await start(spawn(program, given, { stdio: 'ignore' }), port, folder);
  return { url: `redis://127.0.0.1:${port}`, version: versionOf(program), stop };
}

async function startPostgres(program: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-postgres-'));
  const port = await freePort();
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user) await chown(folder, user.uid, user.gid);
  const bin = program.replace(/postgres$/, '');
  execFileSync(`${bin}initdb`, ['-D', folder, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], {
    ...user,
    stdio: 'ignore',
  });
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200'];
  const child = spawn(program, ['-D', folder, '-p', String(port), ...settings], { ...user, stdio: 'ignore' });
  const stop = await start(child, port, folder, 'SIGINT');
  return { url: `postgres://bench@127.0.0.1:${port}/postgres`, version: versionOf(program), stop };
}

async function start(child: ChildProcess, port: number, folder: string, signal: NodeJS.Signals = 'SIGTERM') {
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  await eventually(() => answers(port));
  return async () => {
    child.kill(signal);
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

/** A program's place in one of these folders, or on the PATH. */
function find(program: string, folders: string[]): string | undefined {
  const all = [...folders, ...(process.env.PATH ?? '').split(':')];
  return all.map(folder => join(folder, program)).find(existsSync);
}

function versionOf(program: string): string {
  return /\d+(\.\d+)+/.exec(execFileSync(program, ['--version']).toString())?.[0] ?? '?';
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (what: string) => Number(execFileSync('id', [what, user]).toString());
  return { uid: id('-u'), gid: id('-g') };
}
