import * as mongodb from 'mongodb';
import { MemoryCollection } from '../ddp-client/minimongo/collection';
import { Collection as DatabaseCollection, getCollection } from '../mongo/collection';
import { database, mongoClient } from '../mongo/connection';
import { Cursor } from '../mongo/cursor';
import { ObjectID } from '../shared/object-id';

/** With no name, or a connection of its own, there is no database behind it: its documents are in memory. */
const Collection = new Proxy(DatabaseCollection, {
  construct(target, [name, options]: [string | null, { connection?: unknown } | undefined], newTarget) {
    const inMemory = name === null || options?.connection !== undefined;
    return inMemory
      ? new MemoryCollection(name, options as never)
      : Reflect.construct(target, [name, options], newTarget);
  },
});

export const Mongo = { Collection, Cursor, ObjectID, getCollection };

/** The driver underneath; `mongo` is the connection that all collections share. */
export const MongoInternals = {
  defaultRemoteCollectionDriver: () => ({
    mongo: {
      get client() {
        return mongoClient();
      },
      get db() {
        return database();
      },
    },
  }),
  NpmModules: { mongodb: { version: '7', module: mongodb } },
  NpmModule: mongodb,
};
