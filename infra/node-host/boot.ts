import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { messageOf, textOf } from '../errors/plain-error';
import { refusal } from './boot/settings';
import { runStartupHooks } from './boot/startup';
import { ddpServer } from './ddp/ddp-server';
import { hasChangeStreams, mongoClient } from './mongo/connection';
import { httpServer, listen } from './webapp/http';

const folder = (): string => resolve(process.env.TANDEM_PRIVATE_DIR ?? 'private');

/** The global `Assets`: files of the folder `private/`, by their path in it. */
const Assets = {
  /** @throws for a file that isn't there */
  absoluteFilePath(path: string): string {
    const absolute = resolve(folder(), path);
    if (!absolute.startsWith(folder() + sep) || !existsSync(absolute)) throw new Error(`Unknown asset: ${path}`);
    return absolute;
  },

  async getTextAsync(path: string): Promise<string> {
    return readFile(Assets.absoluteFilePath(path), 'utf8');
  },

  async getBinaryAsync(path: string): Promise<Uint8Array> {
    return new Uint8Array(await readFile(Assets.absoluteFilePath(path)));
  },
};

class Unavailable extends Error {}

/**
 * The entry of the server bundle: checks the environment, loads the app, connects, runs the startup hooks, then
 * listens.
 */
const reason = refusal(process.env);
if (reason) exit(reason);
Object.assign(globalThis, { Assets });

try {
  await import('tandem:app');
  await connect();
  await runStartupHooks();
} catch (error) {
  exit(error instanceof Unavailable ? error.message : textOf(error));
}

ddpServer.stream_server.listenOn(httpServer);
await listen().catch(error => exit(messageOf(error)));

async function connect(): Promise<void> {
  try {
    await mongoClient().connect();
    if (!(await hasChangeStreams()))
      console.log(
        'The database is a stand-alone mongod: without change streams live data is found by polling (every 10 s, or by pollingIntervalMs). A single-node replica set has them.',
      );
  } catch (error) {
    throw new Unavailable(`MONGO_URL: no database answers: ${messageOf(error)}`, { cause: error });
  }
}

function exit(reason: unknown): never {
  console.error(reason);
  process.exit(1);
}
