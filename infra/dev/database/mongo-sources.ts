import { access } from 'node:fs/promises';
import { DryMongoBinary } from 'mongodb-memory-server-core';
import { onPath } from '../on-path';
import { type Found, type Mongod, type MongoSource, SourceRefused, tried } from './mongod';
import { downloadFolder, downloadVersion, mongoDBsOwn, pythonWheel, wheelMongod } from './mongodb-download';

const mongoUrl: MongoSource = {
  name: 'MONGO_URL',
  async find() {
    if (process.env.MONGO_URL) return { url: process.env.MONGO_URL };
    throw new Error('is not set. Set it to a running one: MONGO_URL=mongodb://127.0.0.1:27017/tandem');
  },
};

const program = process.platform === 'win32' ? 'mongod.exe' : 'mongod';

/** The `mongod` that `MONGOMS_SYSTEM_BINARY` names, or else one on PATH. */
const mongodOfThisMachine: MongoSource = {
  name: 'mongod on PATH',
  async find() {
    const named = process.env.MONGOMS_SYSTEM_BINARY;
    if (named) return { mongod: await tried(named).catch(refuse) };
    const path = onPath([program]);
    if (path) return { mongod: await tried(path) };
    throw new Error(
      'there is none. Install MongoDB (https://www.mongodb.com/docs/manual/installation), or name its program: MONGOMS_SYSTEM_BINARY=/path/to/mongod',
    );
  },
};

function refuse(error: Error): never {
  throw new SourceRefused(`MONGOMS_SYSTEM_BINARY: ${error.message}`, { cause: error });
}

/** A `mongod` in the cache, from an earlier start, perhaps of another clone. */
const fetchedBefore: MongoSource = {
  name: 'one fetched before',
  async find() {
    const mongod = (await ofMongoDB()) ?? (await ofPython());
    if (mongod) return { mongod };
    throw new Error(`there is none in ${downloadFolder()}. It fills itself; TANDEM_CACHE names another cache folder`);
  },
};

async function ofMongoDB(): Promise<Mongod | undefined> {
  // The library recognizes a partial file by its lock and its missing checksum, and skips it.
  const path = await DryMongoBinary.locateBinary({ version: downloadVersion(), downloadDir: downloadFolder() }).catch(
    () => undefined, // this platform has no download, so none can be there
  );
  return path ? tried(path) : undefined;
}

async function ofPython(): Promise<Mongod | undefined> {
  const there = await access(wheelMongod()).then(
    () => true,
    () => false,
  );
  return there ? tried(wheelMongod()) : undefined;
}

/** Every source, in the order of the attempts. */
export const mongoSources: MongoSource[] = [mongoUrl, mongodOfThisMachine, fetchedBefore, mongoDBsOwn, pythonWheel];

/** `one fetched before (MONGO_URL: is not set; mongod on PATH: there is none)`. */
function whyOf({ name }: MongoSource, reasons: readonly string[]): string {
  const before = reasons.map(reason => reason.replace(/^ *- /, '').split('. ', 1)[0]);
  return before.length > 0 ? `${name} (${before.join('; ')})` : name;
}

/**
 * The MongoDB of the first source that works.
 *
 * @returns also why it is this one.
 * @throws one error that names all sources, why each one failed, and what to do.
 */
export async function findMongo(): Promise<Found & { why: string }> {
  const reasons: string[] = [];
  for (const source of mongoSources) {
    try {
      const found = await source.find();
      return { ...found, why: whyOf(source, reasons) };
    } catch (error) {
      if (error instanceof SourceRefused) throw error;
      reasons.push(`  - ${source.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(
    `No MongoDB was found, and none could be fetched. Any one of these ways will do:\n${reasons.join('\n')}`,
  );
}
