import { bindEnvironment } from '../environment';
import { type DdpMessage, stringifyDDP } from '../shared/ddp-message';
import { MeteorError } from '../shared/meteor-error';
import { Random } from '../shared/random';
import type { Connection } from './current';
import { errorText, logException } from './frames';
import { Heartbeat } from './heartbeat';
import type { Hooks } from './hooks';
import { type MethodHandler, runMethod } from './method-call';
import { PublishedData } from './published-data';
import { DDPRateLimiter, type RateLimiterInput } from './rate-limiter';
import { clientAddressOf, type Socket } from './socket';
import type { PublishHandler, SubscriptionSource } from './subscription';

/** The part of the server that a session uses. */
interface SessionServer {
  readonly options: { readonly heartbeatInterval: number; readonly heartbeatTimeout: number };
  readonly method_handlers: Record<string, MethodHandler>;
  readonly publish_handlers: Record<string, PublishHandler>;
  readonly universal_publish_handlers: readonly PublishHandler[];
  readonly sessions: Map<string, Session>;
  readonly onMessageHook: Hooks<[DdpMessage, Session]>;
}

/** The conversation with one client: its messages, one after the other. */
export class Session {
  readonly id = Random.id();
  readonly connectionHandle: Connection;
  userId: string | null = null;
  isClosed = false;
  /** Messages wait here while an earlier one is being handled. */
  readonly inQueue: DdpMessage[] = [];
  private working = false;
  readonly data: PublishedData = new PublishedData(this);
  private readonly closeCallbacks: (() => unknown)[] = [];
  private readonly heartbeat: Heartbeat | undefined;

  constructor(
    readonly server: SessionServer,
    readonly version: string,
    readonly socket: Socket,
  ) {
    this.connectionHandle = {
      id: this.id,
      clientAddress: clientAddressOf(socket),
      httpHeaders: socket.headers,
      close: () => this.close(),
      onClose: callback => this.onClose(callback),
    };
    this.heartbeat = this.startHeartbeat();
  }

  /** Greets the client and starts what is published to everybody. */
  start(): void {
    this.send({ msg: 'connected', session: this.id });
    this.data.startUniversal();
  }

  processMessage(message: DdpMessage): void {
    if (this.isClosed) return;
    this.heartbeat?.messageReceived();
    // The oldest version knew no pings: there they are unknown messages.
    const isHeartbeat = this.version !== 'pre1' && (message.msg === 'ping' || message.msg === 'pong');
    if (isUnanswerable(message)) {
      this.sendError('Bad request', message);
    } else if (!isHeartbeat) {
      this.inQueue.push(message);
      if (!this.working) this.processNext();
    } else if (message.msg === 'ping') {
      this.send({ msg: 'pong', id: message.id });
    }
  }

  send(message: DdpMessage): void {
    this.socket.send(stringifyDDP(message));
  }

  sendError(reason: string, offendingMessage: DdpMessage): void {
    this.socket.send(errorText(reason, offendingMessage));
  }

  /** @returns the error to answer with if a rule limits this call */
  overLimit(type: RateLimiterInput['type'], name: string): MeteorError | undefined {
    const { clientAddress } = this.connectionHandle;
    const input = { type, name, userId: this.userId, clientAddress, connectionId: this.id };
    DDPRateLimiter._increment(input);
    const result = DDPRateLimiter._check(input);
    if (result.allowed) return undefined;
    const { timeToReset } = result;
    return new MeteorError('too-many-requests', DDPRateLimiter.getErrorMessage(result), { timeToReset });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket._meteorSession = null;
    this.heartbeat?.stop();
    this.socket.close();
    this.server.sessions.delete(this.id);
    // The code that closes the session doesn't wait for the hooks.
    setImmediate(() => {
      this.data.deactivateAll();
      for (const callback of this.closeCallbacks) callback();
    });
  }

  private onClose(callback: () => unknown): void {
    const bound = bindEnvironment(callback as () => unknown, 'connection onClose callback');
    if (this.isClosed) setImmediate(bound);
    else this.closeCallbacks.push(bound);
  }

  private startHeartbeat(): Heartbeat | undefined {
    const { heartbeatInterval, heartbeatTimeout } = this.server.options;
    if (this.version === 'pre1' || heartbeatInterval === 0) return undefined;
    return new Heartbeat({
      intervalMs: heartbeatInterval,
      timeoutMs: heartbeatTimeout,
      sendPing: () => this.send({ msg: 'ping' }),
      onTimeout: () => this.close(),
    });
  }

  /** One message after another; a handler may unblock the next one before it has ended. */
  private processNext(): void {
    const message = this.isClosed ? undefined : this.inQueue.shift();
    this.working = message !== undefined;
    if (!message) return;
    let blocked = true;
    const unblock = () => {
      if (!blocked) return;
      blocked = false;
      this.processNext();
    };
    this.server.onMessageHook.run(message, this);
    this.handle(message, unblock)
      .catch(error => logException(message, error))
      .finally(unblock);
  }

  private async handle(message: DdpMessage, unblock: () => void): Promise<void> {
    if (message.msg === 'sub') await subscribe(this, message, unblock);
    else if (message.msg === 'unsub') this.data.stop(message.id);
    else if (message.msg === 'method') await runMethod(this, message, unblock);
    else this.sendError('Bad request', message);
  }
}

/** An answer repeats the id, which has to be a string. */
const isUnanswerable = ({ msg, id }: DdpMessage): boolean =>
  (msg === 'ping' || msg === 'unsub') && Boolean(id) && typeof id !== 'string';

/** The part of the session that starting a subscription needs. */
interface SubscribingSession {
  readonly server: { readonly publish_handlers: Record<string, PublishHandler> };
  readonly data: {
    isSubscribed(id: string): boolean;
    start(source: SubscriptionSource, unblock: () => void): Promise<void>;
  };
  send(message: DdpMessage): void;
  sendError(reason: string, offendingMessage: DdpMessage): void;
  /** @returns the error to answer with if a rule limits this call */
  overLimit(type: 'subscription', name: string): MeteorError | undefined;
}

/** Starts a client's subscription, or sends why not. Resolves when its first documents have been sent. */
async function subscribe(session: SubscribingSession, message: DdpMessage, unblock: () => void): Promise<void> {
  const { id, name, params } = message;
  if (typeof id !== 'string' || typeof name !== 'string' || ('params' in message && !Array.isArray(params)))
    return session.sendError('Malformed subscription', message);
  const handler = session.server.publish_handlers[name];
  const refuse = (error: MeteorError) => session.send({ msg: 'nosub', id, error });
  if (!handler) return refuse(new MeteorError(404, `Subscription '${name}' not found`));
  // Clients send their subscriptions again after a reconnect; a known id is no mistake.
  if (session.data.isSubscribed(id)) return;
  const tooMany = session.overLimit('subscription', name);
  if (tooMany) return refuse(tooMany);
  await session.data.start({ handler, id, name, params: params as unknown[] | undefined }, unblock);
}
