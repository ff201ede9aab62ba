import { type CollectionOptions, MemoryCollection } from '../../ddp-client/minimongo/collection';
import { Cursor } from '../../ddp-client/minimongo/cursor';
import { ObjectID } from '../../shared/object-id';
import { connection } from '../connection';

/** The documents of the page's subscriptions; with the name null, a local collection of the page. */
class Collection extends MemoryCollection {
  constructor(name: string | null, options: CollectionOptions = {}) {
    super(name, { connection, ...options });
  }
}

/** `meteor/mongo` in the browser. */
export const Mongo = { Collection, Cursor, ObjectID };
