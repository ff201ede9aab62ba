import { refuseAllow, type Transform, wrapTransform } from '../../shared/collection';
import type { DdpMessage } from '../../shared/ddp-message';
import { MongoID, ObjectID } from '../../shared/object-id';
import { Random } from '../../shared/random';
import type { Store } from '../store-writes';
import type { Cursor, FindOptions } from './cursor';
import { LocalCollection, type Modifier, type UpdateOptions } from './local-collection';
import type { Document, Selector } from './selector';

export interface CollectionOptions {
  /** The connection that sends this collection's documents; null: they are written here. */
  connection?: { registerStore(name: string, store: Store): boolean } | null;
  /** Of documents that are inserted here. */
  idGeneration?: 'STRING' | 'MONGO';
  /** What `find` and `findOne` give for a document; `transform` of a query replaces it, null gives the document. */
  transform?: Transform;
  /** Only false is accepted: there are no mutation methods on the Node host. */
  defineMutationMethods?: false;
}

type Inserted = Record<string, unknown>;

/**
 * `Mongo.Collection` over documents in memory: local ones, or those of a connection's subscriptions. Used in a browser,
 * and on a server with `{ connection: DDP.connect(…) }`.
 */
export class MemoryCollection {
  readonly _name: string | null;
  private readonly local: LocalCollection;
  private readonly connected: boolean;
  private readonly transform: Transform;

  /** @throws when the connection has a collection of this name already, or for an unknown option */
  constructor(name: string | null, options: CollectionOptions = {}) {
    checkOptions(options);
    this._name = name;
    this.transform = wrapTransform(options.transform);
    this.local = new LocalCollection(() => (options.idGeneration === 'MONGO' ? new ObjectID() : Random.id()));
    this.connected = name !== null && Boolean(options.connection);
    if (this.connected && !options.connection!.registerStore(name!, connectedStore(this.local))) {
      throw new Error(`There is already a collection named "${name}"`);
    }
  }

  /** Without arguments: all documents. */
  find(...args: [selector?: Selector, options?: FindOptions]): Cursor {
    const [selector, options = {}] = args.length === 0 ? [{}] : args;
    const transform = options.transform === undefined ? this.transform : wrapTransform(options.transform);
    return this.local.find(selector, { ...options, transform });
  }

  findOne(...args: [selector?: Selector, options?: FindOptions]): Document | undefined {
    const selector = args.length === 0 ? {} : args[0];
    return this.find(selector, { ...args[1], limit: 1 }).fetch()[0];
  }

  findOneAsync = async (...args: [selector?: Selector, options?: FindOptions]) => this.findOne(...args);

  /** @returns the `_id`. @throws when the `_id` is taken, or the collection is a server's */
  insert(document: Inserted): unknown {
    this.mustBeLocal('insert');
    return this.local.insert(document);
  }

  /** @returns how many matched */
  update(selector: Selector, modifier: Modifier, options?: UpdateOptions): number {
    this.mustBeLocal('update');
    return this.local.update(selector, modifier, options).numberAffected;
  }

  upsert(selector: Selector, modifier: Modifier, options?: Omit<UpdateOptions, 'upsert'>) {
    this.mustBeLocal('upsert');
    return this.local.update(selector, modifier, { ...options, upsert: true });
  }

  /** @returns how many are gone */
  remove(selector: Selector): number {
    this.mustBeLocal('remove');
    return this.local.remove(selector);
  }

  insertAsync = async (document: Inserted) => this.insert(document);
  updateAsync = async (selector: Selector, modifier: Modifier, options?: UpdateOptions) =>
    this.update(selector, modifier, options);
  upsertAsync = async (selector: Selector, modifier: Modifier, options?: Omit<UpdateOptions, 'upsert'>) =>
    this.upsert(selector, modifier, options);
  removeAsync = async (selector: Selector) => this.remove(selector);

  /** Does nothing: a browser writes nothing directly here, and the server's side of the same module has the rule. */
  deny(_rules: object): void {}

  /** As on the server's side. */
  allow(_rules: object): never {
    return refuseAllow(this._name);
  }

  // Modules that both sides load may name these; only a server may call them, in Meteor too.
  rawCollection = () => onlyOnServers('rawCollection');
  rawDatabase = () => onlyOnServers('rawDatabase');
  createIndexAsync = async () => onlyOnServers('createIndexAsync');
  dropIndexAsync = async () => onlyOnServers('dropIndexAsync');
  dropCollectionAsync = async () => onlyOnServers('dropCollectionAsync');

  private mustBeLocal(operation: string): void {
    if (!this.connected) return;
    throw new Error(
      `${operation} on "${this._name}": the Node host has no mutation methods with allow and deny rules ` +
        '(see infra/node-host/README.md). Write a method on the server and call it with Meteor.callAsync.',
    );
  }
}

function onlyOnServers(name: string): never {
  throw new Error(`Can only call ${name} on server collections`);
}

function checkOptions(options: CollectionOptions): void {
  const known = ['connection', 'idGeneration', 'transform', 'defineMutationMethods'];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new Error(
        `Mongo.Collection: option "${name}" is not part of the Node host (see infra/node-host/README.md)`,
      );
    }
  }
}

/**
 * Writes the documents that a connection receives into a collection.
 *
 * It is lenient if the server's view and ours differ (a second `added`, a `removed` of an unknown document), as
 * Meteor's client is: that happens with publications without a merge box.
 */
function connectedStore(collection: LocalCollection): Store {
  return {
    beginUpdate(_writes, reset) {
      collection.beginBatch();
      if (reset) collection.clear();
    },
    update: message => write(collection, message),
    endUpdate: () => collection.endBatch(),
  };
}

function write(collection: LocalCollection, message: DdpMessage): void {
  const key = message.id as string;
  if (message.msg === 'removed') {
    collection.take(key);
    return;
  }
  const merged = { ...collection.get(key), ...message.fields };
  for (const field of Object.keys(merged)) if (merged[field] === undefined) delete merged[field];
  collection.put({ ...merged, _id: MongoID.idParse(key) } as Document);
}
