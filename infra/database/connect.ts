import { type Db, MongoClient, type MongoClientOptions, type Timestamp } from 'mongodb';
import { messageOf } from '../errors/plain-error';
import { defaultCallTimeoutMs, withCallTimeout } from './call-timeout';

export interface Connection {
  client: MongoClient;
  /** The database that the URL names. */
  db: Db;
  /**
   * Checks that the database answers. Calls before are fine: they wait for it as well.
   *
   * @throws an Error that names the server (never its password) and says what to look at.
   */
  open(): Promise<void>;
  /** Twice is fine. */
  close(): Promise<void>;
}

export interface ConnectOptions extends MongoClientOptions {
  /** How long one call may take, in ms. Default: 10,000. */
  callTimeoutMs?: number;
}

/**
 * How soon a silent database is noticed, in ms. The driver's monitor asks every `heartbeatFrequencyMS`. Without an
 * answer it gives up after `connectTimeoutMS`, and all calls that wait for that server fail. By default that takes 40
 * s.
 */
const noticedSoon: MongoClientOptions = {
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  heartbeatFrequencyMS: 2_500,
  // Firewalls silently drop connections that were idle for some minutes.
  maxIdleTimeMS: 60_000,
};

/**
 * A connection by the npm driver, which is not opened yet.
 *
 * @param url of a MongoDB, with the database's name as its path.
 * @param appName shown in the server's log and its list of connections.
 * @throws an Error that names the server (never its password) if the URL is not one of a MongoDB.
 */
export function newConnection(url: string, appName: string, options: ConnectOptions = {}): Connection {
  const { callTimeoutMs = defaultCallTimeoutMs, ...ofDriver } = options;
  const client = newClient(url, { ...clientOptions(url, appName), ...ofDriver });
  const open = async () => {
    try {
      await client.connect();
    } catch (cause) {
      await client.close();
      throw new Error(`MONGO_URL: ${withoutSecrets(url)} does not answer: ${messageOf(cause)}`, { cause });
    }
  };
  return { client, db: withCallTimeout(client.db(), callTimeoutMs), open, close: () => client.close() };
}

/** The same, opened. @throws if the URL is wrong, or the database does not answer. */
export async function connect(...input: Parameters<typeof newConnection>): Promise<Connection> {
  const connection = newConnection(...input);
  await connection.open();
  return connection;
}

/**
 * The driver (7.9) looks a field's name up here, in an object with the members of Object by default: it would read a list
 * of objects that is called `valueOf` or `constructor` as bytes.
 */
const noFields: Record<string, boolean> = Object.create(null);

/** The options of every client of this template. Limits in the URL take precedence. */
export function clientOptions(url: string, appName: string): MongoClientOptions {
  const provided = new URLSearchParams(url.split('?')[1]);
  const names = new Set([...provided.keys()].map(name => name.toLowerCase()));
  const limits = Object.entries(noticedSoon).filter(([name]) => !names.has(name.toLowerCase()));
  // An undefined field would become null in the database, and a payload would change its signature on the way.
  return { appName, ignoreUndefined: true, fieldsAsRaw: noFields, ...Object.fromEntries(limits) };
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

/** Whether there are change streams and transactions: on a replica set or a sharded cluster, not on a stand-alone. */
export async function hasChangeStreams(db: Db): Promise<boolean> {
  const { setName, msg } = await db.command({ hello: 1 });
  return Boolean(setName) || msg === 'isdbgrid';
}

/** A reply is gone through in one turn of the event loop: of a bulk that others write it must not hold all. */
const batchSize = 200;

/**
 * The options of a change stream that reports all changes from now on, in small replies. There is no gap between a later
 * read and the stream, however long the stream takes to open.
 */
export async function fromNowOn(db: Db): Promise<{ batchSize: number; startAtOperationTime?: Timestamp }> {
  const { operationTime } = await db.command({ ping: 1 });
  return { batchSize, ...(operationTime && { startAtOperationTime: operationTime }) };
}
