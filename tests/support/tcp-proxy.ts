import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server. It can be cut (connections break), and it can swallow (nothing passes). */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  /** Both ends of each WebSocket. */
  private readonly upgraded = new Set<Socket>();
  private silent = false;
  port = 0;
  /** How many pieces have come from clients, and who wants to hear of each. */
  pieces = 0;
  onPiece: (pieces: number) => void = () => {};
  /** How many WebSockets were opened. */
  upgrades = 0;

  private constructor(
    private readonly host: string,
    private readonly target: number,
  ) {}

  static async open(host: string, port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(host, port);
    await proxy.mend();
    return proxy;
  }

  /** Accepts connections, again on the same port. */
  async mend(): Promise<void> {
    this.silent = false;
    this.server = createServer(socket => this.join(socket));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async cut(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** From now on nothing passes, on old connections and new ones; all stay open. Until `cut` or `mend`. */
  swallow(): void {
    this.silent = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** The same for the WebSockets that are open; what comes anew passes, as on a network that has forgotten them. */
  swallowSockets(): void {
    for (const socket of this.upgraded) socket.unpipe().pause();
  }

  /** How many connections there are, client's and server's ends counted. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** Ends the clients' sides of what was swallowed, as a server does whose process has gone. */
  finish(): void {
    for (const socket of this.sockets) socket.end();
  }

  async close(): Promise<void> {
    if (this.server?.listening) await this.cut();
  }

  private join(socket: Socket): void {
    const upstream = connect(this.target, this.host);
    const { silent } = this;
    socket.on('data', (piece: Buffer) => {
      if (/^upgrade: websocket/im.test(piece.toString('latin1'))) {
        this.upgraded.add(socket).add(upstream);
        this.upgrades += 1;
      }
      this.pieces += 1;
      this.onPiece(this.pieces);
    });
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.sockets.add(from);
      if (!silent) from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        this.upgraded.delete(from);
        to.destroy();
      });
    }
  }
}
