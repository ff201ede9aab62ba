import { messageOf, textOf } from '../errors/plain-error';
import { Assets } from './boot/assets';
import { refusal } from './boot/refusals';
import { runStartupHooks } from './boot/startup';
import { ddpServer } from './ddp/instance';
import { hasChangeStreams, mongoClient } from './mongo/connection';
import { httpServer, listen } from './webapp/http';

class Unavailable extends Error {}

/** The entry of the server bundle: checks, the app, the database, its startup hooks, then the open door. */
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
