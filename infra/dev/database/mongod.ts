import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MongoInstance } from 'mongodb-memory-server-core';

const run = promisify(execFile);

/** A `mongod` that has been seen to run on this machine. */
export interface Mongod {
  path: string;
  /** Such as `6.0.5`. */
  version: string;
}

/** Runs `path --version`. @throws with what to do when the program can't run here. */
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

/** Where a MongoDB may come from. It gives what it found, or throws an error that says why not and what to do about it. */
export interface MongoSource {
  name: string;
  find(): Promise<Found>;
}

/** A source that somebody asked for by name, and that doesn't work: no other one is tried behind their back. */
export class SourceRefused extends Error {}

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
