import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Socket, WebSocketConnection } from './socket';

/** Accepts the WebSockets at `/websocket`. */
export class StreamServer {
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
      if (isOurs(request)) this.accept(request, stream, head);
      else if (httpServer.listenerCount('upgrade') === 1) stream.destroy();
    });
  }

  private accept(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.acceptor.handleUpgrade(request, stream, head, webSocket => {
      const socket = new WebSocketConnection(webSocket, request);
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      for (const callback of this.callbacks) callback(socket);
    });
  }
}

const isOurs = (request: IncomingMessage): boolean =>
  /^\/websocket\/?$/.test(new URL(request.url ?? '/', 'http://host').pathname);
