import type { DdpMessage } from '../shared/ddp-message';
import { CollectionView, type Outlet } from './collection-view';
import { currentMethodInvocation } from './current';
import { toSafeError } from './safe-error';
import { type PublishHandler, type SubscribedSession, Subscription, type SubscriptionSource } from './subscription';

/** The session that it is for. */
interface PublishingSession extends SubscribedSession {
  readonly server: { readonly universal_publish_handlers: readonly PublishHandler[] };
  userId: string | null;
  send(message: DdpMessage): void;
}

/** The data of one session: its subscriptions, and its view of their documents. */
export class PublishedData implements Outlet {
  private views = new Map<string, CollectionView>();
  private namedSubs = new Map<string, Subscription>();
  private universalSubs: Subscription[] = [];
  /** False while publications run again for another user: then only the difference goes out, at the end. */
  private isSending = true;
  private skipNewUniversal = false;
  private pendingReady: string[] = [];

  constructor(private readonly session: PublishingSession) {}

  sendReady(subscriptionId: string): void {
    if (this.isSending) this.session.send({ msg: 'ready', subs: [subscriptionId] });
    else this.pendingReady.push(subscriptionId);
  }

  added(collection: string, id: string, fields: Record<string, unknown>): void {
    if (this.isSending) this.session.send({ msg: 'added', collection, id, fields });
  }

  changed(collection: string, id: string, fields: Record<string, unknown>): void {
    if (this.isSending && Object.keys(fields).length > 0) this.session.send({ msg: 'changed', collection, id, fields });
  }

  removed(collection: string, id: string): void {
    if (this.isSending) this.session.send({ msg: 'removed', collection, id });
  }

  view(collection: string): CollectionView {
    const view = this.views.get(collection) ?? new CollectionView(collection, this);
    this.views.set(collection, view);
    return view;
  }

  removeFromView(collection: string, handle: string, id: string): void {
    const view = this.view(collection);
    view.removed(handle, id);
    if (view.isEmpty) this.views.delete(collection);
  }

  /** Resolves when the publish function has ended and its cursors' documents have been sent. */
  start(source: SubscriptionSource, unblock: () => void = () => {}): Promise<void> {
    const subscription = new Subscription(this.session, source, unblock);
    if (source.id) this.namedSubs.set(source.id, subscription);
    else this.universalSubs.push(subscription);
    return subscription.run();
  }

  /** For a publication to everybody that is defined while sessions are open. */
  startLateUniversal(source: SubscriptionSource): void {
    if (!this.skipNewUniversal) void this.start(source);
  }

  /** Ends a subscription and informs the client, with the error if there is one. */
  stop(id: string | undefined, error?: unknown): void {
    const subscription = id ? this.namedSubs.get(id) : undefined;
    subscription?.removeAllDocuments();
    subscription?.deactivate();
    if (id) this.namedSubs.delete(id);
    const name = subscription?._name;
    const context = name ? `from sub ${name} id ${id}` : `from sub id ${id}`;
    this.session.send(error ? { msg: 'nosub', id, error: toSafeError(error, context) } : { msg: 'nosub', id });
  }

  /** Switches to another user: runs all publications again, and sends the client the difference. */
  async becomeUser(userId: string | null): Promise<void> {
    if (userId !== null && typeof userId !== 'string')
      throw new Error(`setUserId must be called on string or null, not ${typeof userId}`);
    this.skipNewUniversal = true;
    for (const subscription of this.subscriptions()) subscription.deactivate();
    this.isSending = false;
    const before = this.views;
    this.views = new Map();
    this.session.userId = userId;
    // A publish function is not part of the method that changes the user.
    await currentMethodInvocation.withValue(undefined, () => this.rerunPublications());
    this.isSending = true;
    this.tellDifference(before);
    const ready = this.pendingReady.splice(0);
    if (ready.length > 0) this.session.send({ msg: 'ready', subs: ready });
  }

  /** Starts the publications to everybody. */
  startUniversal(): void {
    for (const handler of [...this.session.server.universal_publish_handlers]) void this.start({ handler });
  }

  isSubscribed(id: string): boolean {
    return this.namedSubs.has(id);
  }

  /** The client is gone: sends nothing any more. */
  deactivateAll(): void {
    for (const subscription of this.subscriptions()) subscription.deactivate();
    this.namedSubs.clear();
    this.universalSubs = [];
    this.views.clear();
  }

  private async rerunPublications(): Promise<void> {
    const again = [...this.namedSubs].map(([id, subscription]) => [id, subscription.recreate()] as const);
    this.namedSubs = new Map(again);
    this.universalSubs = [];
    await Promise.all(again.map(([, subscription]) => subscription.run()));
    this.skipNewUniversal = false;
    this.startUniversal();
  }

  private tellDifference(before: Map<string, CollectionView>): void {
    const nothing = (name: string) => new CollectionView(name, this);
    for (const [name, view] of before) if (!this.views.has(name)) nothing(name).tellDifference(view);
    for (const [name, view] of this.views) view.tellDifference(before.get(name) ?? nothing(name));
  }

  private *subscriptions(): Generator<Subscription> {
    yield* [...this.namedSubs.values()];
    yield* [...this.universalSubs];
  }
}
