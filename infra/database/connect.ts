import { type Db, MongoClient, type MongoClientOptions, type Timestamp } from 'mongodb';
import { messageOf } from '../errors/plain-error';
import { defaultCallTimeoutMs, withCallTimeout } from './call-timeout';

export interface Connection {
  client: MongoClient;
  /** The database that the URL names. */
  db: Db;
  /** Twice is fine. */
  close(): Promise<void>;
}

export interface ConnectOptions extends MongoClientOptions {
  /** How long one call may take, in ms. Default: 10,000. */
  callTimeoutMs?: number;
}

/**
 * How soon a database that went silent is noticed, in ms. A monitor asks every `heartbeatFrequencyMS`; where no answer
 * comes, it gives up after `connectTimeoutMS`, and all that waits for that server fails. By default that takes 40 s.
 */
const noticedSoon: MongoClientOptions = {
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  heartbeatFrequencyMS: 2_500,
  // Firewalls forget what was idle for some minutes, and tell nobody.
  maxIdleTimeMS: 60_000,
};

/**
 * Opens a connection by the npm driver and sees that the database answers.
 *
 * @param url of a MongoDB, with the database's name as its path.
 * @param appName shown in the server's log and its list of connections.
 * @throws an Error that names the server (never its password) and says what to look at.
 */
export async function connect(url: string, appName: string, options: ConnectOptions = {}): Promise<Connection> {
  const { callTimeoutMs = defaultCallTimeoutMs, ...ofDriver } = options;
  const client = newClient(url, { ...clientOptions(url, appName), ...ofDriver });
  try {
    await client.connect();
  } catch (cause) {
    await client.close();
    throw new Error(`MONGO_URL: ${withoutSecrets(url)} does not answer: ${messageOf(cause)}`, { cause });
  }
  return { client, db: withCallTimeout(client.db(), callTimeoutMs), close: () => client.close() };
}

/** What every client of this template is made with. What the URL says of the limits is left as it is. */
export function clientOptions(url: string, appName: string): MongoClientOptions {
  const provided = new URLSearchParams(url.split('?')[1]);
  const names = new Set([...provided.keys()].map(name => name.toLowerCase()));
  const limits = Object.entries(noticedSoon).filter(([name]) => !names.has(name.toLowerCase()));
  // What is undefined here would be null there, and a payload would change its signature on the way.
  return { appName, ignoreUndefined: true, ...Object.fromEntries(limits) };
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

/**
 * What a change stream is opened with to tell of all that happens from now on: what is read after this and what is told
 * leave no gap, however long the stream takes to open.
 */
export async function fromNowOn(db: Db): Promise<{ startAtOperationTime?: Timestamp }> {
  const { operationTime } = await db.command({ ping: 1 });
  return operationTime ? { startAtOperationTime: operationTime } : {};
}
