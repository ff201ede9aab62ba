import type { CreateIndexesOptions, Db, Document, Collection as DriverCollection, IndexSpecification } from 'mongodb';
import { database } from './connection';
import { toMongo } from './translate';
import { write } from './write';

/** The parts of a collection that the driver handles: counting, indexes, the collection as a whole. */
export class RawAccess {
  constructor(readonly _name: string) {
    if (typeof _name !== 'string' || _name === '')
      throw new Error('First argument to new Mongo.Collection must be a string or null');
  }

  countDocuments(selector: Document = {}, options?: Document): Promise<number> {
    return this.rawCollection().countDocuments(toMongo(selector), options);
  }

  estimatedDocumentCount(options?: Document): Promise<number> {
    return this.rawCollection().estimatedDocumentCount(options);
  }

  async createIndexAsync(index: IndexSpecification, options?: CreateIndexesOptions): Promise<void> {
    await this.rawCollection().createIndex(index, options);
  }

  createIndex(index: IndexSpecification, options?: CreateIndexesOptions): Promise<void> {
    return this.createIndexAsync(index, options);
  }

  async dropIndexAsync(name: string): Promise<void> {
    await this.rawCollection().dropIndex(name);
  }

  async dropCollectionAsync(): Promise<void> {
    await write(this._name, {}, collection => collection.drop());
  }

  async createCappedCollectionAsync(size?: number, max?: number): Promise<void> {
    await database().createCollection(this._name, { capped: true, size, max });
  }

  rawCollection(): DriverCollection<Document> {
    return database().collection(this._name);
  }

  rawDatabase(): Db {
    return database();
  }
}
