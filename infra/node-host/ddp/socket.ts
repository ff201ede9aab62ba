import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Session } from './session';

/** A raw connection of `Meteor.server.stream_server.register`: `data` events bring texts, `close` ends it. */
export interface Socket extends EventEmitter {
  /** The headers that SockJS passes on. */
  readonly headers: IncomingMessage['headers'];
  readonly remoteAddress: string | undefined;
  readonly url: string | undefined;
  /** The connection underneath, at the place where SockJS has it. */
  readonly _session: { readonly recv: { readonly connection: NetSocket } };
  /** The session that `connect` has opened on it. */
  _meteorSession: Session | null;
  send(text: string): void;
  close(): void;
}

/** A connection that never says `connect` is closed after this long. */
const handshakeTimeoutMs = 45_000;

const handedOn = [
  'referer',
  'x-client-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-cluster-client-ip',
  'via',
  'x-real-ip',
  'x-forwarded-proto',
  'x-ssl',
  'dnt',
  'host',
  'user-agent',
  'accept-language',
];

function headersHandedOn({ headers }: IncomingMessage): IncomingMessage['headers'] {
  return Object.fromEntries(handedOn.filter(name => headers[name]).map(name => [name, headers[name]]));
}

export class WebSocketConnection extends EventEmitter implements Socket {
  readonly headers: IncomingMessage['headers'];
  readonly remoteAddress: string | undefined;
  readonly url: string | undefined;
  readonly _session: Socket['_session'];
  _meteorSession: Session | null = null;
  private readonly handshakeTimer: NodeJS.Timeout;

  constructor(
    private readonly webSocket: WebSocket,
    request: IncomingMessage,
  ) {
    super();
    // Plugins listen here in any number.
    this.setMaxListeners(0);
    this.headers = headersHandedOn(request);
    this.remoteAddress = request.socket.remoteAddress;
    this.url = request.url;
    this._session = { recv: { connection: request.socket } };
    this.handshakeTimer = setTimeout(() => this.close(), handshakeTimeoutMs);
    webSocket.on('message', data => this.emit('data', data.toString()));
    webSocket.on('close', () => {
      this.handshakeDone();
      this.emit('close');
    });
    // An error is always followed by `close`.
    webSocket.on('error', () => {});
  }

  handshakeDone(): void {
    clearTimeout(this.handshakeTimer);
  }

  send(text: string): void {
    if (this.webSocket.readyState === WebSocket.OPEN) this.webSocket.send(text);
  }

  close(): void {
    this.webSocket.close(1000);
  }
}

/**
 * The real address of a client: behind `HTTP_FORWARDED_COUNT` proxies, the address that the outermost of these
 * reported. It counts from the end of the header, because the beginning comes from the client itself.
 *
 * @returns null if the header doesn't fit the count
 */
export function clientAddressOf(socket: Pick<Socket, 'headers' | 'remoteAddress'>): string | null {
  const count = Number.parseInt(process.env.HTTP_FORWARDED_COUNT ?? '', 10) || 0;
  if (count === 0) return socket.remoteAddress ?? null;
  const header = socket.headers['x-forwarded-for'];
  if (typeof header !== 'string') return null;
  const hops = header.trim().split(/\s*,\s*/);
  return (count > 0 && hops.at(-count)) || null;
}

/** As in Meteor, whose parser of frames takes no larger message. */
const largestMessageBytes = 2 ** 26 - 1;

/** Accepts the WebSockets at `/websocket`. */
export class StreamServer {
  /** The options, as in SockJS: the app may set a smaller limit for later connections. */
  readonly server = { options: { faye_server_options: { maxLength: largestMessageBytes } } };
  private readonly sockets = new Set<WebSocketConnection>();
  private readonly callbacks: ((socket: Socket) => void)[] = [];
  private readonly acceptor = new WebSocketServer({ noServer: true });

  /** Calls back for each connection: the open ones now, and each later one. */
  register(callback: (socket: Socket) => void): void {
    this.callbacks.push(callback);
    for (const socket of this.sockets) callback(socket);
  }

  all_sockets(): Socket[] {
    return [...this.sockets];
  }

  listenOn(httpServer: Server): void {
    httpServer.on('upgrade', (request, stream, head) => {
      // Node no longer listens: without this, a client that aborts here would end the process.
      stream.on('error', () => {});
      if (isOurs(request)) this.accept(request, stream, head);
      else if (httpServer.listenerCount('upgrade') === 1) stream.destroy();
    });
  }

  private accept(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.acceptor.options.maxPayload = this.server.options.faye_server_options.maxLength;
    this.acceptor.handleUpgrade(request, stream, head, webSocket => {
      const socket = new WebSocketConnection(webSocket, request);
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      for (const callback of this.callbacks) callback(socket);
    });
  }
}

const isOurs = ({ url = '' }: IncomingMessage): boolean => /^\/websocket\/?(\?|$)/.test(url);
