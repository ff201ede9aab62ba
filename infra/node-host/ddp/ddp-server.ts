import { textOf } from '../../errors/plain-error';
import type { DdpMessage } from '../shared/ddp-message';
import { stringifyDDP } from '../shared/ddp-message';
import { EJSON } from '../shared/ejson';
import { MeteorError } from '../shared/meteor-error';
import type { Connection } from './connection';
import { currentMethodInvocation } from './current';
import { errorMessage, tryParse } from './frames';
import { negotiate } from './handshake';
import { Hooks } from './hooks';
import type { MethodHandler } from './method-call';
import { nestedInvocation } from './nested-invocation';
import { Session } from './session';
import { type Socket, WebSocketConnection } from './socket';
import { StreamServer } from './stream-server';
import type { PublishHandler } from './subscription';

/** The DDP server of this process (`Meteor.server`): methods, publications, sessions. */
export class DdpServer {
  readonly options = { heartbeatInterval: 15_000, heartbeatTimeout: 15_000 };
  // Names come from clients: a dictionary without `toString` and its like in it.
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

  /** As `callAsync`; a function as the last argument is called back with `(error, result)` instead. */
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
    let session: Session | undefined;
    socket.on('close', () => session?.close());
    socket.on('data', (text: string) => {
      try {
        session = this.receive(socket, session, text);
      } catch (error) {
        console.error('Internal exception while processing message', text.slice(0, 1000), textOf(error));
      }
    });
  }

  /** @returns the session of the socket from now on */
  private receive(socket: Socket, session: Session | undefined, text: string): Session | undefined {
    const answer = (message: DdpMessage) => socket.send(stringifyDDP(message));
    const message = tryParse(text);
    if (message === undefined) answer({ msg: 'error', reason: 'Parse error' });
    else if (!message?.msg) answer(errorMessage('Bad request', message));
    else if (message.msg === 'connect' && session) answer(errorMessage('Already connected', message));
    else if (message.msg === 'connect') return this.connect(socket, message);
    else if (!session) answer(errorMessage('Must connect first', message));
    else session.processMessage(message);
    return session?.isClosed ? undefined : session;
  }

  private connect(socket: Socket, message: DdpMessage): Session | undefined {
    const { version, accepted } = negotiate(message);
    if (!accepted) {
      socket.send(stringifyDDP({ msg: 'failed', version }));
      socket.close();
      return undefined;
    }
    if (socket instanceof WebSocketConnection) socket.handshakeDone();
    const session = new Session(this, version, socket);
    session.start();
    this.sessions.set(session.id, session);
    this.onConnectionHook.run(session.connectionHandle);
    return session;
  }
}

type NodeCallback = (error: unknown, result?: unknown) => void;
