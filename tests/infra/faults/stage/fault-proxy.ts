import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Duplex, Transform } from 'node:stream';

/** Stands before the database and does to connections what networks do. */
export class FaultProxy {
  private readonly sockets = new Set<Socket>();
  private readonly frozen = new WeakSet<Socket>();
  private server: Server | undefined;
  private delayMs = 0;
  private swallowing = false;
  port = 0;

  private constructor(private readonly target: number) {}

  static async open(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.comeBack();
    return proxy;
  }

  /** Breaks every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Takes everything and hands nothing on, without a word, until `mend`. What was swallowed never comes. */
  swallow(): void {
    this.swallowing = true;
  }

  /** The connections that are open now go silent for good; new ones are as before. */
  freeze(): void {
    for (const socket of this.sockets) this.frozen.add(socket);
  }

  /** Hands everything on later, in both directions. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** From now on it is a good connection. Those that have lost something are broken. */
  mend(): void {
    this.delayMs = 0;
    if (this.swallowing) this.cut();
    this.swallowing = false;
  }

  /** Breaks every connection and refuses new ones, until it comes back. */
  async goAway(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    this.cut();
    await closed;
    this.server = undefined;
  }

  async comeBack(): Promise<void> {
    if (this.server) return;
    this.server = createServer(socket => this.join(socket));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private join(socket: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    this.hand(socket, upstream);
    this.hand(upstream, socket);
  }

  private hand(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    from.pipe(this.filter(from)).pipe(to);
  }

  private filter(from: Socket): Duplex {
    return new Transform({
      transform: (chunk, _, done) => {
        if (this.swallowing || this.frozen.has(from)) return done();
        if (this.delayMs === 0) return done(null, chunk);
        setTimeout(() => done(null, chunk), this.delayMs);
      },
    });
  }
}
