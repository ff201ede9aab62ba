import type { Document } from 'mongodb';
import { currentMethodInvocation } from '../ddp/current';
import { refuseAllow, type Transform, wrapTransform } from '../shared/collection';
import { MeteorError } from '../shared/meteor-error';
import { ObjectID } from '../shared/object-id';
import { RandomStream } from '../shared/random-stream';
import { Cursor } from './cursor';
import { type FindArguments, parseOptions } from './cursor-options';
import { type BrowserUpdate, defineMutationMethods, type Restriction } from './mutation-methods';
import { RawAccess } from './raw-access';
import { type Id, isId, rewriteSelector } from './selector';
import { toMongo } from './translate';
import { type UpdateOptions, type UpsertResult, update } from './update';
import { write } from './write';

export interface CollectionOptions {
  idGeneration?: 'STRING' | 'MONGO';
  transform?: Transform;
  defineMutationMethods?: boolean;
}

const collections = new Map<string, Collection>();

/** `Mongo.Collection` on the server. */
export class Collection extends RawAccess {
  readonly _transform: Transform;
  private readonly restriction: Restriction = { restricted: false };

  constructor(
    name: string,
    private readonly options: CollectionOptions = {},
  ) {
    super(name);
    if (collections.has(name)) throw new Error(`There is already a collection named "${name}"`);
    this._transform = wrapTransform(options.transform);
    if (options.defineMutationMethods !== false) defineMutationMethods(name, this.restriction);
    collections.set(name, this);
  }

  /** No selector at all means every document; an undefined one means none. */
  find(...[selector, options]: [selector?: unknown, options?: FindArguments | null] | []): Cursor {
    // biome-ignore lint/complexity/noArguments: `find()` and `find(undefined)` differ, as in Meteor
    const matched = arguments.length === 0 ? {} : rewriteSelector(selector);
    const parsed = parseOptions(options);
    const transform = parsed.transform === undefined ? this._transform : wrapTransform(parsed.transform);
    return new Cursor({ collectionName: this._name, selector: matched, options: { ...parsed, transform } });
  }

  async findOneAsync(...args: [selector?: unknown, options?: FindArguments | null] | []): Promise<unknown> {
    const selector = args.length === 0 ? {} : args[0];
    const [document] = await this.find(selector, { ...args[1], limit: 1 }).fetchAsync();
    return document;
  }

  async insertAsync(document: Document): Promise<Id> {
    if (!document) throw new Error('insert requires an argument');
    if (Object.hasOwn(document, '_id') && !(document._id && isId(document._id)))
      throw new Error('Meteor requires document _id fields to be non-empty strings or ObjectIDs');
    if (!isPlainObject(document)) throw new Error('Only plain objects may be inserted into MongoDB');
    const id: Id = document._id ?? this.makeNewId();
    const translated = toMongo<Document>({ ...document, _id: id });
    await write(this._name, { _id: id }, collection => collection.insertOne(translated));
    return id;
  }

  /** @returns how many documents matched; for an upsert that inserted, 1 */
  async updateAsync(selector: unknown, modifier: Document, options?: UpdateOptions | null): Promise<number> {
    return (await this.change(selector, modifier, options)).numberAffected;
  }

  upsertAsync(selector: unknown, modifier: Document, options?: UpdateOptions | null): Promise<UpsertResult> {
    return this.change(selector, modifier, { ...options, upsert: true });
  }

  /** @returns how many documents were removed */
  async removeAsync(selector: unknown): Promise<number> {
    const matched = rewriteSelector(selector);
    const result = await write(this._name, matched, collection => collection.deleteMany(toMongo(matched)));
    return result.deletedCount;
  }

  /** The host has no rules for writes by browsers: it refuses them all, as most rules do. */
  deny(rules: { update?: unknown; updateAsync?: unknown }): void {
    this.restriction.restricted = true;
    if (this.restriction.update && (rules.update || rules.updateAsync)) this.restriction.update = refuse;
  }

  /** Lets browsers update documents if `update` allows it: accounts let users write their own profile this way. */
  _updateOfBrowsers(update: (this: Collection, ...args: Parameters<BrowserUpdate>) => Promise<number>): void {
    this.restriction.restricted = true;
    this.restriction.update = update.bind(this);
  }

  allow(_rules: object): never {
    return refuseAllow(this._name);
  }

  insert(): never {
    throw notOnTheServer('insert');
  }

  update(): never {
    throw notOnTheServer('update');
  }

  remove(): never {
    throw notOnTheServer('remove');
  }

  upsert(): never {
    throw notOnTheServer('upsert');
  }

  findOne(): never {
    throw notOnTheServer('findOne');
  }

  private async change(selector: unknown, modifier: Document, given?: UpdateOptions | null): Promise<UpsertResult> {
    const options = given ?? {};
    const { insertedId } = options;
    if (options.upsert && insertedId && !isId(insertedId)) throw new Error('insertedId must be string or ObjectID');
    const generated = options.upsert && !insertedId && !(selector as Document | undefined)?._id;
    const newId = generated ? this.makeNewId() : insertedId;
    const matched = rewriteSelector(selector, options.upsert ? newId : undefined);
    return update(this._name, matched, modifier, { ...options, insertedId: newId }, Boolean(generated));
  }

  /** Inside a method the id comes from the method's seed: the caller's simulation has generated the same one. */
  private makeNewId(): Id {
    const stream = RandomStream.get(currentMethodInvocation.get(), `/collection/${this._name}`);
    return this.options.idGeneration === 'MONGO' ? new ObjectID(stream.hexString(24)) : stream.id();
  }
}

export const getCollection = (name: string): Collection | undefined => collections.get(name);

const refuse = async (): Promise<never> => {
  throw new MeteorError(403, 'Access denied');
};

const notOnTheServer = (method: string): Error =>
  new Error(`${method} is not available on the server. Please use ${method}Async() instead.`);

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
