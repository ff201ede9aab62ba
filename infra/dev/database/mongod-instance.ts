import { MongoInstance } from 'mongodb-memory-server-core';
import type { Mongod } from './mongod';

/** Where our databases listen: on this machine only. */
export const host = '127.0.0.1';
/** The name of the replica set. */
export const setName = 'tandem';
/** The least that WiredTiger takes: a developer's machine has other things to remember. */
const cacheSizeGB = 0.25;

/** Somebody was quicker: the port that was asked for is another program's now. */
export class PortTaken extends Error {}

/** Another mongod holds the data folder. */
export class FolderTaken extends Error {}

/**
 * Starts `mongod` as a member of a replica set, and waits until it listens. It ends with this process.
 *
 * @throws PortTaken, FolderTaken
 */
export async function launch(mongod: Mongod, dbPath: string, port: number): Promise<MongoInstance> {
  const instance = new LineByLine({
    binary: { systemBinary: mongod.path, version: mongod.version },
    instance: {
      port,
      dbPath,
      ip: host,
      storageEngine: 'wiredTiger',
      launchTimeout: 60_000,
      // Told so and not by the library's option: with that it ends a mongod by a command to its port, which may be
      // the port of another mongod when ours could not have it. Without, it sends a signal to ours.
      args: ['--replSet', setName, '--wiredTigerCacheSizeGB', String(cacheSizeGB)],
    },
    spawn: { detached: true },
  });
  try {
    await instance.start();
    return instance;
  } catch (error) {
    await instance.stop();
    if (/already in use/.test(String(error))) throw new PortTaken(`Port ${port} is in use`, { cause: error });
    if (/DBPathInUse/.test(String(error)))
      throw new FolderTaken(`Another mongod holds ${dbPath}: end it first`, { cause: error });
    throw error;
  }
}

/**
 * The library takes what it hears at once for one line of mongod's log. Where that is two and tells of a locked data
 * folder, its JSON.parse throws where nobody can catch it, and the whole process dies.
 */
class LineByLine extends MongoInstance {
  private rest = '';

  override stdoutHandler(heard: string | Buffer): void {
    const lines = `${this.rest}${heard}`.split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) super.stdoutHandler(line);
  }
}
