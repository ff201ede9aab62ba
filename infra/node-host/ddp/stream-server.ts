import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Socket, WebSocketConnection } from './socket';

/** As in Meteor, whose parser of frames takes no larger message. */
const largestMessageBytes = 2 ** 26 - 1;

/** Accepts the WebSockets at `/websocket`. */
export class StreamServer {
  /** As SockJS has them: the app may set a smaller bound, for the connections that come. */
  readonly server = { options: { faye_server_options: { maxLength: largestMessageBytes } } };
  private readonly sockets = new Set<WebSocketConnection>();
  private readonly callbacks: ((socket: Socket) => void)[] = [];
  private readonly acceptor = new WebSocketServer({ noServer: true });

  /** Calls back for each connection: those that are open now, and all that come. */
  register(callback: (socket: Socket) => void): void {
    this.callbacks.push(callback);
    for (const socket of this.sockets) callback(socket);
  }

  all_sockets(): Socket[] {
    return [...this.sockets];
  }

  listenOn(httpServer: Server): void {
    httpServer.on('upgrade', (request, stream, head) => {
      // Node listens no longer: without this, a client that breaks off here would end the process.
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
