import type { DdpMessage } from '../../shared/ddp-message';
import { MongoID } from '../../shared/object-id';
import type { Store } from '../store-writes';
import type { Document } from './document';
import type { LocalCollection } from './local-collection';

/**
 * Writes what a connection receives into a collection.
 *
 * Lenient where the server's view and ours differ (a second `added`, a `removed` of something unknown), as Meteor's
 * client is: that happens with publications whose merge box is switched off.
 */
export function connectedStore(collection: LocalCollection): Store {
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
