import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MongoInstance } from 'mongodb-memory-server-core';

const run = promisify(execFile);

/** A `mongod` program that runs on this machine. */
export interface Mongod {
  path: string;
  /** Such as `6.0.5`. */
  version: string;
}

/** Runs `path --version`. @throws if the program can't run here, with what to do. */
export async function tried(path: string): Promise<Mongod> {
  const output = await run(path, ['--version']).then(
    ({ stdout }) => stdout,
    error => {
      throw new Error(`${path} does not run here: ${reason(error)}`, { cause: error });
    },
  );
  const version = /db version v(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (!version) throw new Error(`${path} is no mongod: its --version says ${JSON.stringify(output.slice(0, 80))}`);
  return { path, version };
}

function reason(error: { code?: string | number; stderr?: string; message: string }): string {
  const library = /(lib[\w.+-]+): cannot open shared object file/.exec(error.stderr ?? '')?.[1];
  if (library?.startsWith('libcurl')) return `the system lacks ${library}. Install it: apt-get install libcurl4`;
  if (library) return `the system lacks ${library}. Install the package that holds it`;
  if (error.code === 'ENOENT') return 'there is no such file';
  return error.stderr?.trim().split('\n')[0] || error.message;
}

/** Either somebody's running database, or a program to start one with. */
export type Found = { url: string } | { mongod: Mongod };

/** A possible source of a MongoDB. It gives what it finds, or throws an error with the reason and what to do. */
export interface MongoSource {
  name: string;
  find(): Promise<Found>;
}

/** A source that the user has named does not work: then no other source is tried. */
export class SourceRefused extends Error {}

/** Where our databases listen: on this machine only. */
export const host = '127.0.0.1';
/** The name of the replica set. */
export const setName = 'tandem';
/** The smallest cache of WiredTiger: a developer's machine needs its memory for other things. */
const cacheSizeGB = 0.25;

/** Another program has taken the requested port. */
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
      // Passed as an argument, and not by the library's option. With the option the library ends a mongod by a command
      // to its port, which may belong to another mongod if ours could not get it. Without it, the library sends a
      // signal to ours.
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
 * The library treats each chunk of mongod's log as one line. If a chunk has two lines and one is about a locked data
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
