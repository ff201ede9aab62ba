import type { DdpMessage } from '../shared/ddp-message';
import { EJSON } from '../shared/ejson';
import { Random } from '../shared/random';
import { Tracker } from '../tracker/tracker';
import { errorOf } from './method-call';

export interface SubscriptionCallbacks {
  onReady?: () => void;
  /** With the error that ended it; without one if it was stopped. */
  onStop?: (error?: Error) => void;
  /** Meteor's older form of `onStop`, for errors only. */
  onError?: (error: Error) => void;
}

export interface SubscriptionHandle {
  stop(): void;
  /** Reactive. */
  ready(): boolean;
  readonly subscriptionId: string;
}

interface Subscription {
  id: string;
  name: string;
  params: unknown[];
  callbacks: SubscriptionCallbacks;
  ready: boolean;
  readyChanged: InstanceType<typeof Tracker.Dependency>;
  /** Its computation runs again: the subscription stops after that, unless the rerun subscribes to the same. */
  inactive: boolean;
}

/** The subscriptions of this client, which it sends again with each new connection. */
export class Subscriptions {
  private readonly all = new Map<string, Subscription>();

  constructor(
    private readonly send: (message: DdpMessage) => void,
    private readonly bind: <F extends (...args: never[]) => unknown>(callback: F) => F,
  ) {}

  /** @param args the publication's arguments, at the end possibly `onReady` or an object of callbacks */
  subscribe(name: string, ...args: unknown[]): SubscriptionHandle {
    const { params, callbacks } = takeCallbacks(args, this.bind);
    const subscription = this.takeUp(name, params, callbacks) ?? this.begin(name, params, callbacks);
    const handle = this.handle(subscription.id);
    if (Tracker.active) this.endWithComputation(subscription.id, handle);
    return handle;
  }

  sendAll(): void {
    for (const { id, name, params } of this.all.values()) this.send({ msg: 'sub', id, name, params });
  }

  readyIds(): string[] {
    return [...this.all.values()].filter(subscription => subscription.ready).map(({ id }) => id);
  }

  becameReady(id: string): void {
    const subscription = this.all.get(id);
    if (!subscription || subscription.ready) return;
    subscription.ready = true;
    subscription.callbacks.onReady?.();
    subscription.readyChanged.changed();
  }

  /** @param message a DDP `nosub` */
  ended(message: DdpMessage): void {
    const subscription = this.remove(message.id as string);
    if (!subscription) return;
    const error = errorOf(message);
    if (error) subscription.callbacks.onError?.(error);
    subscription.callbacks.onStop?.(error);
  }

  /** The same subscription in a rerun of its computation: it stays, so that nothing is sent twice. */
  private takeUp(name: string, params: unknown[], callbacks: SubscriptionCallbacks): Subscription | undefined {
    const isSame = (sub: Subscription) => sub.inactive && sub.name === name && EJSON.equals(sub.params, params);
    const existing = [...this.all.values()].find(isSame);
    if (!existing) return undefined;
    existing.inactive = false;
    existing.callbacks = { ...existing.callbacks, ...callbacks };
    if (existing.ready) callbacks.onReady?.();
    return existing;
  }

  private begin(name: string, params: unknown[], callbacks: SubscriptionCallbacks): Subscription {
    const id = Random.id();
    const readyChanged = new Tracker.Dependency();
    const own = EJSON.clone(params);
    const subscription = { id, name, params: own, callbacks, ready: false, readyChanged, inactive: false };
    this.all.set(id, subscription);
    this.send({ msg: 'sub', id, name, params: own });
    return subscription;
  }

  private handle(id: string): SubscriptionHandle {
    return {
      subscriptionId: id,
      stop: () => this.stop(id),
      ready: () => {
        const subscription = this.all.get(id);
        subscription?.readyChanged.depend();
        return subscription?.ready ?? false;
      },
    };
  }

  private endWithComputation(id: string, handle: SubscriptionHandle): void {
    Tracker.onInvalidate(() => {
      const subscription = this.all.get(id);
      if (subscription) subscription.inactive = true;
      Tracker.afterFlush(() => {
        if (this.all.get(id)?.inactive) handle.stop();
      });
    });
  }

  private stop(id: string): void {
    const subscription = this.remove(id);
    if (!subscription) return;
    this.send({ msg: 'unsub', id });
    subscription.callbacks.onStop?.();
  }

  private remove(id: string): Subscription | undefined {
    const subscription = this.all.get(id);
    this.all.delete(id);
    if (subscription?.ready) subscription.readyChanged.changed();
    return subscription;
  }
}

function takeCallbacks(args: unknown[], bind: <F extends (...args: never[]) => unknown>(callback: F) => F) {
  const last = args.at(-1);
  const given = typeof last === 'function' ? { onReady: last } : hasCallbacks(last) ? last : undefined;
  if (!given) return { params: args, callbacks: {} };
  const callbacks = Object.fromEntries(
    ['onReady', 'onStop', 'onError'].flatMap(name => {
      const callback = (given as Record<string, unknown>)[name];
      return typeof callback === 'function' ? [[name, bind(callback as () => void)]] : [];
    }),
  );
  return { params: args.slice(0, -1), callbacks };
}

function hasCallbacks(value: unknown): value is SubscriptionCallbacks {
  const { onReady, onStop, onError } = (value ?? {}) as Record<string, unknown>;
  return [onReady, onStop, onError].some(callback => typeof callback === 'function');
}
