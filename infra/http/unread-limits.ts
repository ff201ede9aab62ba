import { allSockets, cutSocket, type RawSocket, unreadOf } from './raw-socket';

export interface UnreadLimits {
  /** How many bytes may wait for one connection. */
  unreadBytes: number;
  /** How many bytes may wait for all connections together. */
  unreadBytesInAll: number;
}

const lookEveryMs = 250;

/** Cuts connections whose clients don't read: the data for them would pile up in this process. */
export class UnreadWatch {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly limits: UnreadLimits,
    /** How many times the bytes of other connections may wait for this one. */
    private readonly factorOf: (socket: RawSocket) => number,
    private readonly refused: (socket: RawSocket, reason: string) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), lookEveryMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** @returns whether the connection may stay open. */
  mayGoOn(socket: RawSocket): boolean {
    const unread = unreadOf(socket);
    if (unread <= this.limits.unreadBytes * this.factorOf(socket)) return true;
    this.cut(socket, `it does not read: ${unread} bytes wait for it`);
    return false;
  }

  private look(): void {
    const waiting = allSockets().filter(socket => unreadOf(socket) > 0 && this.mayGoOn(socket));
    let inAll = waiting.reduce((sum, socket) => sum + unreadOf(socket), 0);
    for (const socket of waiting.sort((a, b) => unreadOf(b) - unreadOf(a))) {
      if (inAll <= this.limits.unreadBytesInAll) return;
      const unread = unreadOf(socket);
      inAll -= unread;
      this.cut(socket, `${unread} bytes wait for it, and too much for all connections together`);
    }
  }

  private cut(socket: RawSocket, reason: string): void {
    this.refused(socket, reason);
    cutSocket(socket);
  }
}
