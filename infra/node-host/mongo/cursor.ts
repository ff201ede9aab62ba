import type { CountDocumentsOptions, FindCursor } from 'mongodb';
import type { Subscription } from '../ddp/subscription';
import { observeLive } from '../live/live-queries';
import { type ChangeCallbacks, documentCallbacks, type LiveHandle, type ObserveCallbacks } from '../live/observer';
import { database } from './connection';
import { type CursorDescription, toFindOptions } from './cursor-options';
import { fromMongo, toMongo } from './translate';

/** The documents that match a selector. Each method asks the database again. */
export class Cursor {
  constructor(readonly _cursorDescription: CursorDescription) {}

  async forEachAsync(callback: IterationCallback<unknown>, thisArg?: unknown): Promise<void> {
    let index = 0;
    for await (const document of this) await callback.call(thisArg, document, index++, this);
  }

  async mapAsync<T>(callback: IterationCallback<T>, thisArg?: unknown): Promise<Awaited<T>[]> {
    const results: Awaited<T>[] = [];
    let index = 0;
    for await (const document of this) results.push(await callback.call(thisArg, document, index++, this));
    return results;
  }

  fetchAsync(): Promise<unknown[]> {
    return this.mapAsync(document => document);
  }

  countAsync(): Promise<number> {
    const { selector, options } = this._cursorDescription;
    const { sort: _sort, projection: _projection, ...countOptions } = toFindOptions(options);
    return this.raw.countDocuments(toMongo(selector), countOptions as CountDocumentsOptions);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const transform = this._cursorDescription.options.transform;
    for await (const document of this.open()) {
      const translated = fromMongo(document);
      yield transform ? transform(translated) : translated;
    }
  }

  observeChangesAsync(callbacks: ChangeCallbacks, options?: { nonMutatingCallbacks?: boolean }): Promise<LiveHandle> {
    return observeLive(this._cursorDescription, callbacks, options);
  }

  observeAsync(callbacks: ObserveCallbacks): Promise<LiveHandle> {
    const changes = documentCallbacks(callbacks, this._cursorDescription.options.transform ?? null);
    return changes.whileInitial(() => this.observeChangesAsync(changes.callbacks, { nonMutatingCallbacks: true }));
  }

  /** Publishes this cursor, for a publish function that returns it. */
  async _publishCursor(subscription: Subscription): Promise<LiveHandle> {
    const { collectionName } = this._cursorDescription;
    const handle = await this.observeChangesAsync(
      {
        added: (id, fields) => subscription.added(collectionName, id, fields),
        changed: (id, fields) => subscription.changed(collectionName, id, fields),
        removed: id => subscription.removed(collectionName, id),
      },
      { nonMutatingCallbacks: true },
    );
    subscription.onStop(() => handle.stop());
    return handle;
  }

  _getCollectionName(): string {
    return this._cursorDescription.collectionName;
  }

  /** In Meteor 3 these old names are promises on the server, too. */
  fetch(): Promise<unknown[]> {
    return this.fetchAsync();
  }

  map<T>(callback: IterationCallback<T>, thisArg?: unknown): Promise<Awaited<T>[]> {
    return this.mapAsync(callback, thisArg);
  }

  forEach(callback: IterationCallback<unknown>, thisArg?: unknown): Promise<void> {
    return this.forEachAsync(callback, thisArg);
  }

  observe(callbacks: ObserveCallbacks): Promise<LiveHandle> {
    return this.observeAsync(callbacks);
  }

  observeChanges(callbacks: ChangeCallbacks, options?: { nonMutatingCallbacks?: boolean }): Promise<LiveHandle> {
    return this.observeChangesAsync(callbacks, options);
  }

  count(): never {
    throw new Error('count() is not available on the server. Please use countAsync() instead.');
  }

  private get raw() {
    return database().collection(this._cursorDescription.collectionName);
  }

  private open(): FindCursor {
    const { selector, options } = this._cursorDescription;
    return this.raw.find(toMongo(selector), toFindOptions(options));
  }
}

type IterationCallback<T> = (document: unknown, index: number, cursor: Cursor) => T;
