import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

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
