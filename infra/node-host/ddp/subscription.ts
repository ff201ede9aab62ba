import { bindEnvironment, isThenable } from '../environment';
import { EJSON } from '../shared/ejson';
import { MongoID } from '../shared/object-id';
import { Random } from '../shared/random';
import type { CollectionView, Fields } from './collection-view';
import { type Connection, currentPublicationInvocation } from './current';

export type PublishHandler = (this: Subscription, ...params: never[]) => unknown;

/** Named subscriptions have the id and name that the client gave; universal ones have neither. */
export interface SubscriptionSource {
  handler: PublishHandler;
  id?: string;
  name?: string;
  params?: unknown[];
}

/** The part of the session that a subscription uses. */
export interface SubscribedSession {
  readonly connectionHandle: Connection;
  readonly userId: string | null;
  readonly isClosed: boolean;
  readonly data: {
    view(collection: string): CollectionView;
    removeFromView(collection: string, handle: string, id: string): void;
    sendReady(subscriptionId: string): void;
    stop(subscriptionId: string | undefined, error?: unknown): void;
    becomeUser(userId: string | null): Promise<void>;
  };
}

/** `this` inside a publish function: what one subscription of one session contributes to the session's view. */
export class Subscription {
  readonly connection: Connection;
  readonly userId: string | null;
  /** Tells this subscription's claims in the merge box from those of others. */
  private readonly handle: string;
  private readonly documents = new Map<string, Set<string>>();
  private stopCallbacks: (() => unknown)[] = [];
  private deactivated = false;
  private isReady = false;

  constructor(
    readonly _session: SubscribedSession,
    private readonly source: SubscriptionSource,
    /** Lets the session's next message start before the publish function has ended. */
    readonly unblock: () => void,
  ) {
    this.connection = _session.connectionHandle;
    this.userId = _session.userId;
    this.handle = source.id ? `N${source.id}` : `U${Random.id()}`;
  }

  get _name(): string | undefined {
    return this.source.name;
  }

  /** Starts the same subscription again, for another user. */
  recreate(): Subscription {
    return new Subscription(this._session, this.source, () => {});
  }

  async run(): Promise<void> {
    try {
      const called = this.callHandler();
      const result = isThenable(called) ? await called : called;
      if (!this.isDeactivated) await this.publish(result);
    } catch (error) {
      this.error(error);
    }
  }

  added(collection: string, id: unknown, fields: Fields): void {
    if (this.isDeactivated) return;
    const key = MongoID.idStringify(id);
    const ids = this.documents.get(collection) ?? new Set();
    this.documents.set(collection, ids.add(key));
    this._session.data.view(collection).added(this.handle, key, fields);
  }

  changed(collection: string, id: unknown, fields: Fields): void {
    if (this.isDeactivated) return;
    this._session.data.view(collection).changed(this.handle, MongoID.idStringify(id), fields);
  }

  removed(collection: string, id: unknown): void {
    if (this.isDeactivated) return;
    const key = MongoID.idStringify(id);
    this.documents.get(collection)?.delete(key);
    this._session.data.removeFromView(collection, this.handle, key);
  }

  ready(): void {
    if (this.isDeactivated || this.isReady || !this.source.id) return;
    this.isReady = true;
    this._session.data.sendReady(this.source.id);
  }

  stop(): void {
    if (!this.isDeactivated) this._session.data.stop(this.source.id);
  }

  error(error: unknown): void {
    if (!this.isDeactivated) this._session.data.stop(this.source.id, error);
  }

  onStop(callback: () => unknown): void {
    const bound = bindEnvironment(callback as () => unknown, 'onStop callback', this);
    if (this.isDeactivated) bound();
    else this.stopCallbacks.push(bound);
  }

  /** Ends it without a message to the client; its documents stay in the session's view. */
  deactivate(): void {
    if (this.deactivated) return;
    this.deactivated = true;
    for (const callback of this.stopCallbacks.splice(0)) callback();
  }

  removeAllDocuments(): void {
    for (const [collection, ids] of this.documents) {
      for (const id of [...ids]) this.removed(collection, MongoID.idParse(id));
    }
  }

  private get isDeactivated(): boolean {
    return this.deactivated || this._session.isClosed;
  }

  private callHandler(): unknown {
    const params = EJSON.clone(this.source.params ?? []) as never[];
    return currentPublicationInvocation.withValue(this, () => this.source.handler.apply(this, params));
  }

  /** @param result the return value of the publish function: nothing, or cursors to publish */
  private async publish(result: unknown): Promise<void> {
    if (!result) return;
    await Promise.all(cursorsOf(result).map(cursor => cursor._publishCursor(this)));
    this.ready();
  }
}

/** A cursor that knows how to feed a subscription. */
interface Publishable {
  _publishCursor(subscription: object): Promise<unknown>;
  _getCollectionName(): string;
}

/**
 * The cursors that a publish function has returned.
 *
 * @param result a cursor, or cursors of different collections
 * @throws for anything else
 */
function cursorsOf(result: unknown): Publishable[] {
  const cursors = Array.isArray(result) ? result : [result];
  if (!cursors.every(isPublishable)) throw new Error(describeJunk(result));
  const twice = firstRepeated(cursors.map(cursor => cursor._getCollectionName()));
  if (twice !== undefined) throw new Error(`Publish function returned multiple cursors for collection ${twice}`);
  return cursors;
}

function isPublishable(value: unknown): value is Publishable {
  return typeof (value as Publishable | null)?._publishCursor === 'function';
}

const describeJunk = (result: unknown): string =>
  Array.isArray(result)
    ? 'Publish function returned an array of non-Cursors'
    : 'Publish function can only return a Cursor or an array of Cursors';

const firstRepeated = (names: string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);
