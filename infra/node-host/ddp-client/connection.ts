import { EJSON } from '../shared/ejson';
import { Tracker } from '../tracker/tracker';
import { type ConnectionOptions, completeOptions } from './connection-options';
import { type CallOptions, MethodCall, type ResultCallback } from './method-call';
import { Session } from './session';
import type { Platform } from './socket';
import type { Store } from './store-writes';
import type { ConnectionStatus, Stream } from './stream';
import type { SubscriptionHandle } from './subscriptions';

/** A client's side of DDP: methods, subscriptions and data, on a socket that reconnects by itself. */
export class Connection {
  /** Called with each new connection before anything is sent again, so that its calls go first. */
  onReconnect: (() => void) | null = null;
  private readonly session: Session;
  private nextMethodId = 1;
  private currentUserId: string | null = null;
  private readonly userIdChanged = new Tracker.Dependency();

  /**
   * @param beforeResend runs with each new connection, after `onReconnect`; for hooks of all connections
   * @throws when `url` is not the url of a site
   */
  constructor(
    url: string,
    private readonly platform: Platform,
    options: Partial<ConnectionOptions> = {},
    beforeResend: (connection: Connection) => void = () => {},
  ) {
    this.session = new Session(url, platform, completeOptions(options), () => {
      this.onReconnect?.();
      beforeResend(this);
    });
  }

  /** @param args the method's arguments, at the end possibly a callback; without one see `apply` */
  call(name: string, ...args: unknown[]): unknown {
    const callback = typeof args.at(-1) === 'function' ? (args.pop() as ResultCallback) : undefined;
    return this.apply(name, args, {}, callback);
  }

  /** Resolves to the method's result when its writes are visible here. @throws Meteor.Error as the server sent it */
  callAsync(name: string, ...args: unknown[]): Promise<unknown> {
    if (typeof args.at(-1) === 'function') {
      throw new Error("Meteor.callAsync() does not accept a callback. You should 'await' the result, or use .then().");
    }
    return this.applyAsync(name, args);
  }

  applyAsync(name: string, args: unknown[], options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.begin(name, args, options, (error, result) => (error ? reject(error) : resolve(result)));
    });
  }

  /** Without a callback: a promise on a server; in a browser nothing, and an error is logged. */
  apply(name: string, args: unknown[], options?: CallOptions | ResultCallback, callback?: ResultCallback): unknown {
    if (typeof options === 'function') return this.apply(name, args, {}, options);
    if (callback) this.begin(name, args, options ?? {}, this.platform.bind(callback));
    else if (this.platform.side === 'server') return this.applyAsync(name, args, options);
    else
      this.begin(name, args, options ?? {}, error => error && console.error(`Error invoking Method '${name}'`, error));
    return undefined;
  }

  /** @param args the publication's arguments, at the end possibly `onReady` or `{ onReady, onStop }` */
  subscribe(name: string, ...args: unknown[]): SubscriptionHandle {
    return this.session.subscriptions.subscribe(name, ...args);
  }

  /** By Meteor's name, for those who watch the line itself. */
  get _stream(): Pick<Stream, 'send' | 'on'> {
    return this.session.stream;
  }

  /** Reactive. */
  status(): ConnectionStatus {
    return this.session.stream.status();
  }

  /** Tries at once where there is no connection. */
  reconnect(options?: { url?: string; _force?: boolean }): void {
    this.session.stream.reconnect(options);
  }

  /** Stays away until `reconnect`. */
  disconnect(): void {
    this.session.stream.disconnect();
  }

  /** Ends this connection for good. */
  close(): void {
    this.session.stream.disconnect({ _permanent: true });
  }

  /** The user that the server's methods have set (by `setUserId` on this side). Reactive. */
  userId(): string | null {
    this.userIdChanged.depend();
    return this.currentUserId;
  }

  setUserId(userId: string | null): void {
    if (this.currentUserId === userId) return;
    this.currentUserId = userId;
    this.userIdChanged.changed();
  }

  /** Sends a collection's documents to `store` from now on. @returns false when the name is taken */
  registerStore(name: string, store: Store): boolean {
    return this.session.data.writes.register(name, store);
  }

  private begin(name: string, args: unknown[], options: CallOptions, callback: ResultCallback): void {
    const id = String(this.nextMethodId++);
    const message = { msg: 'method', id, method: name, params: EJSON.clone(args) };
    this.session.methods.add(new MethodCall(id, message, callback, options, call => this.session.methods.done(call)));
  }
}
