import { type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import { messageOf } from '../errors/plain-error';

export interface Connection {
  client: MongoClient;
  /** The database that the URL names. */
  db: Db;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** How long an operation waits for a database that does not answer before it fails. */
const selectionTimeoutMs = 5_000;

/**
 * Opens a connection by the npm driver and sees that the database answers.
 *
 * @param url of a MongoDB, with the database's name as its path.
 * @param appName shown in the server's log and its list of connections.
 * @throws an Error that names the server (never its password) and says what to look at.
 */
export async function connect(url: string, appName: string, options: MongoClientOptions = {}): Promise<Connection> {
  const client = newClient(url, {
    appName,
    // What is undefined here would be null there, and a payload would change its signature on the way.
    ignoreUndefined: true,
    serverSelectionTimeoutMS: selectionTimeoutMs,
    ...options,
  });
  try {
    await client.connect();
  } catch (cause) {
    await client.close();
    throw new Error(`MONGO_URL: ${withoutSecrets(url)} does not answer: ${messageOf(cause)}`, { cause });
  }
  return { client, db: client.db(), close: () => client.close() };
}

function newClient(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch (cause) {
    const shown = withoutSecrets(url);
    throw new Error(`MONGO_URL: "${shown}" is not the address of a MongoDB: ${messageOf(cause)}`, { cause });
  }
}

/** The URL without name and password, however badly they were escaped, and without options, which may hold others. */
export function withoutSecrets(url: string): string {
  const [scheme = ''] = /^[\w+]*:\/*/.exec(url) ?? [];
  return scheme + url.slice(scheme.length).replace(/^.*@/s, '').replace(/\?.*$/s, '');
}

/** Whether change streams and transactions are there: on a replica set or a sharded cluster, not stand-alone. */
export async function hasChangeStreams(db: Db): Promise<boolean> {
  const { setName, msg } = await db.command({ hello: 1 });
  return Boolean(setName) || msg === 'isdbgrid';
}
