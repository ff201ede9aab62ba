import { type DdpMessage, SUPPORTED_DDP_VERSIONS, stringifyDDP } from '../shared/ddp-message';
import { EJSON } from '../shared/ejson';
import { MeteorError } from '../shared/meteor-error';
import { type Connection, currentMethodInvocation, nestedInvocation } from './current';
import { errorText, logException, tryParse } from './frames';
import { Hooks } from './hooks';
import type { MethodHandler } from './method-call';
import { Session } from './session';
import { type Socket, StreamServer, WebSocketConnection } from './socket';
import type { PublishHandler } from './subscription';

/** The DDP server of this process (`Meteor.server`): methods, publications, sessions. */
export class DdpServer {
  // A client at a breakpoint answers no ping, and this process none of its own when it goes on.
  readonly options = { heartbeatInterval: process.env.TANDEM_INSPECT ? 0 : 15_000, heartbeatTimeout: 15_000 };
  // Names come from clients, so these dictionaries have no `toString` and the like.
  readonly method_handlers: Record<string, MethodHandler> = Object.create(null);
  readonly publish_handlers: Record<string, PublishHandler> = Object.create(null);
  readonly universal_publish_handlers: PublishHandler[] = [];
  readonly sessions = new Map<string, Session>();
  readonly stream_server = new StreamServer();
  readonly onConnectionHook = new Hooks<[Connection]>('onConnection');
  readonly onMessageHook = new Hooks<[DdpMessage, Session]>('onMessage');

  constructor() {
    this.stream_server.register(socket => this.serve(socket));
  }

  methods(methods: Record<string, MethodHandler>): void {
    for (const [name, handler] of Object.entries(methods)) {
      if (typeof handler !== 'function') throw new Error(`Method '${name}' must be a function`);
      if (this.method_handlers[name]) throw new Error(`A method named '${name}' is already defined`);
      this.method_handlers[name] = handler;
    }
  }

  /** @param name null publishes to every session, without a subscription */
  publish(name: string | null | Record<string, PublishHandler>, handler?: PublishHandler): void {
    if (typeof name === 'object' && name !== null) {
      for (const [key, value] of Object.entries(name)) this.publish(key, value);
    } else if (!name) {
      this.publishToAll(handler!);
    } else if (this.publish_handlers[name]) {
      console.error(`Ignoring duplicate publish named '${name}'`);
    } else {
      this.publish_handlers[name] = handler!;
    }
  }

  onConnection(callback: (connection: Connection) => unknown): { stop(): void } {
    return this.onConnectionHook.register(callback);
  }

  onMessage(callback: (message: DdpMessage, session: Session) => unknown): { stop(): void } {
    return this.onMessageHook.register(callback);
  }

  callAsync(name: string, ...params: unknown[]): Promise<unknown> {
    return this.applyAsync(name, params);
  }

  /** Calls a method from the server's own code; inside a method or publication it has the same user and connection. */
  async applyAsync(name: string, params: readonly unknown[] = []): Promise<unknown> {
    const handler = this.method_handlers[name];
    if (!handler) throw new MeteorError(404, `Method '${name}' not found`);
    const invocation = nestedInvocation(name);
    const copy = EJSON.clone([...params]) as never[];
    const result = await currentMethodInvocation.withValue(invocation, () => handler.apply(invocation, copy));
    return EJSON.clone(result);
  }

  /** As `callAsync`, but calls a function in the last argument back with `(error, result)`. */
  call(name: string, ...params: unknown[]): Promise<unknown> | undefined {
    const callback = typeof params.at(-1) === 'function' ? (params.pop() as NodeCallback) : undefined;
    return this.apply(name, params, callback);
  }

  apply(
    name: string,
    params: readonly unknown[],
    options?: object | NodeCallback,
    callback?: NodeCallback,
  ): Promise<unknown> | undefined {
    const answer = this.applyAsync(name, params);
    const listener = callback ?? (typeof options === 'function' ? (options as NodeCallback) : undefined);
    if (!listener) return answer;
    answer.then(
      result => listener(undefined, result),
      error => listener(error),
    );
    return undefined;
  }

  private publishToAll(handler: PublishHandler): void {
    this.universal_publish_handlers.push(handler);
    for (const session of this.sessions.values()) session.data.startLateUniversal({ handler });
  }

  private serve(socket: Socket): void {
    socket.on('close', () => socket._meteorSession?.close());
    socket.on('data', (text: string) => {
      try {
        this.receive(socket, text);
      } catch (error) {
        logException(text, error);
      }
    });
  }

  private receive(socket: Socket, text: string): void {
    const refuse = (reason: string, message: DdpMessage | null) => socket.send(errorText(reason, message));
    const session = socket._meteorSession;
    const message = tryParse(text);
    if (message === undefined) refuse('Parse error', null);
    else if (!message?.msg) refuse('Bad request', message);
    else if (message.msg === 'connect' && session) refuse('Already connected', message);
    else if (message.msg === 'connect') this.connect(socket, message);
    else if (!session) refuse('Must connect first', message);
    else session.processMessage(message);
  }

  private connect(socket: Socket, message: DdpMessage): void {
    const { version, accepted } = negotiate(message);
    if (!accepted) {
      socket.send(stringifyDDP({ msg: 'failed', version }));
      socket.close();
      return;
    }
    if (socket instanceof WebSocketConnection) socket.handshakeDone();
    const session = new Session(this, version, socket);
    socket._meteorSession = session;
    session.start();
    this.sessions.set(session.id, session);
    this.onConnectionHook.run(session.connectionHandle);
  }
}

type NodeCallback = (error: unknown, result?: unknown) => void;

/** The first of the client's versions that we know; accepted if the client proposes that one. */
function negotiate({ version, support }: DdpMessage): { version: string; accepted: boolean } {
  const preferred = SUPPORTED_DDP_VERSIONS[0]!;
  const wellFormed =
    typeof version === 'string' &&
    Array.isArray(support) &&
    support.every(known => typeof known === 'string') &&
    support.includes(version);
  if (!wellFormed) return { version: preferred, accepted: false };
  const best = (support as string[]).find(known => SUPPORTED_DDP_VERSIONS.includes(known)) ?? preferred;
  return { version: best, accepted: best === version };
}

/** The one DDP server of this process. */
export const ddpServer = new DdpServer();
