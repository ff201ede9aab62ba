import { type Db, MongoClient } from 'mongodb';

/** How long (ms) the database may take to answer at boot. Meteor waits 30 s, which puzzles a developer. */
const serverSelectionTimeoutMS = 8_000;

let client: MongoClient | undefined;

/** The one connection of this process to the database that `MONGO_URL` names. */
export function mongoClient(): MongoClient {
  client ??= new MongoClient(mongoUrl(), {
    ignoreUndefined: true,
    serverSelectionTimeoutMS,
    appName: 'tandem-node-host',
  });
  return client;
}

export function database(): Db {
  return mongoClient().db();
}

function mongoUrl(): string {
  const url = process.env.MONGO_URL;
  if (!url) throw new Error('MONGO_URL must be set in environment');
  return url;
}

let changeStreams: Promise<boolean> | undefined;

/** Whether the database has change streams: a replica set or a sharded cluster does, a stand-alone mongod doesn't. */
export function hasChangeStreams(): Promise<boolean> {
  changeStreams ??= askForChangeStreams();
  return changeStreams;
}

async function askForChangeStreams(): Promise<boolean> {
  try {
    const hello = await database().admin().command({ hello: 1 });
    return Boolean(hello.setName) || hello.msg === 'isdbgrid';
  } catch (error) {
    changeStreams = undefined;
    throw error;
  }
}
