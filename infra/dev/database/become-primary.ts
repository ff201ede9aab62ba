import { type Db, MongoClient, MongoServerError } from 'mongodb';
import { host, setName } from './mongod-instance';

const alreadyInitialized = 23;
const timeoutMs = 60_000;
const tryAgainAfterMs = 50;
/** No single command may wait for ever on a mongod that says nothing. */
const commandTimeouts = { serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000, socketTimeoutMS: 10_000 };

/**
 * Makes the mongod at `port` the primary of its replica set of one. A mongod that comes up hangs up now and then, and
 * refuses what it can't do yet: it is asked again until it is up, has ended, or the time is over.
 *
 * @param ended resolves when the mongod has ended, with how.
 * @throws with the last reason.
 */
export async function becomePrimary(port: number, ended: Promise<string>): Promise<void> {
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, commandTimeouts);
  const over = new AbortController();
  const end = ended.then(how => {
    over.abort();
    throw new Error(`mongod ended while it came up (${how})`);
  });
  try {
    await Promise.race([end, untilPrimary(client.db('admin'), `${host}:${port}`, over.signal)]);
  } finally {
    over.abort();
    end.catch(() => {}); // a later end is no news to us
    await client.close();
  }
}

async function untilPrimary(admin: Db, address: string, over: AbortSignal): Promise<void> {
  const until = Date.now() + timeoutMs;
  let configured = false;
  let reason: unknown;
  while (!over.aborted) {
    try {
      if (!configured) await configure(admin, address);
      configured = true;
      if (await isPrimary(admin)) return;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > until) throw notInTime(reason);
    await new Promise(resolve => setTimeout(resolve, tryAgainAfterMs));
  }
}

function notInTime(cause: unknown): Error {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new Error(`mongod did not become primary of its replica set within ${timeoutMs / 1000} s${reason}`, { cause });
}

const isPrimary = async (admin: Db): Promise<boolean> => (await admin.command({ hello: 1 })).isWritablePrimary;

/** Kept data remembers the port it was served on; every client would wait for that one, so the set is told the new one. */
async function configure(admin: Db, address: string): Promise<void> {
  try {
    await admin.command({ replSetInitiate: { _id: setName, members: [{ _id: 0, host: address }] } });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== alreadyInitialized) throw error;
    const { config } = await admin.command({ replSetGetConfig: 1 });
    if (config.members[0].host === address) return;
    config.members[0].host = address;
    config.version += 1;
    await admin.command({ replSetReconfig: config, force: true });
  }
}
