import type { Collection, Document } from 'mongodb';
import { currentFence } from '../ddp/current';
import { observersIdle, wroteTo } from '../live/live-queries';
import { database } from './connection';
import { idsMatchedBy } from './selector';

/**
 * Runs one write. In a method it ends when the live queries of this process have read what it may have touched: so each
 * state that the method makes is seen, in its order; `updated` waits for observers that take their time, too.
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
