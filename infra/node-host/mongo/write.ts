import type { Collection, Document } from 'mongodb';
import { currentFence } from '../ddp/current';
import { observersIdle, wroteTo } from '../live/live-queries';
import { database } from './connection';
import { idsMatchedBy } from './selector';

/**
 * Runs one write. In a method it ends when the live queries of this process have read the documents that it may have
 * changed, so that they see each state that the method makes, in order. `updated` also waits for slow observers.
 *
 * @param touched the selector of the documents that the write may change
 */
export async function write<T>(
  collectionName: string,
  touched: Document,
  run: (collection: Collection<Document>) => Promise<T>,
): Promise<T> {
  const fenced = currentFence()?.beginWrite();
  const result = await run(database().collection(collectionName)).catch(error => {
    fenced?.committed();
    throw error;
  });
  const told = wroteTo(collectionName, idsMatchedBy(touched) ?? 'everything', { urgent: fenced !== undefined });
  fenced?.committed(told.then(() => observersIdle(collectionName)));
  if (fenced) await told;
  return result;
}
