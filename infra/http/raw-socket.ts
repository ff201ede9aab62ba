import type { Socket } from 'node:net';
import { Meteor } from 'meteor/meteor';

/** A connection of the stream server: on Meteor SockJS's, or that of uWebSockets.js (`DDP_TRANSPORT=uws`). `@types/meteor` has only a part of it. */
export type RawSocket = Meteor.RawSocket & {
  headers: Record<string, string | string[] | undefined>;
  remoteAddress?: string;
  /** That of uWebSockets.js has none: others hear its messages beside Meteor, not before. */
  emit?(event: string, ...values: unknown[]): boolean;
  /** How much waits for the client, and whether the connection is gone, where the socket itself knows. */
  getBufferedAmount?(): number;
  isClosed?: boolean;
  /** The connection underneath a WebSocket. Other transports have one for each request. */
  _session?: { recv?: { connection?: Socket } | null };
  /** The DDP session, and the messages that wait in it during an earlier one; it has no queue once it is closed. */
  _meteorSession?: { id: string; inQueue?: { length: number } | null } | null;
};

/** The TCP connection, where the host shows it. */
export const wireOf = (socket: RawSocket): Socket | undefined => socket._session?.recv?.connection;

/** How many bytes wait for the client to read them. */
export function unreadOf(socket: RawSocket): number {
  const wire = wireOf(socket);
  if (wire) return wire.writableLength;
  return socket.isClosed ? 0 : (socket.getBufferedAmount?.() ?? 0);
}

export const allSockets = (): RawSocket[] => Meteor.server.stream_server.all_sockets() as RawSocket[];

const goodbyeMs = 1_000;

/** Closes a connection with a close frame, and cuts it off if the client does not answer. */
export function closeSocket(socket: RawSocket): void {
  const wire = wireOf(socket);
  socket.close();
  if (wire) setTimeout(() => wire.destroy(), goodbyeMs).unref();
}

/** Ends a connection at once, and drops the data that waits for it. */
export function cutSocket(socket: RawSocket): void {
  const wire = wireOf(socket);
  if (wire) wire.destroy();
  else socket.close();
}

/**
 * The messages of one connection that wait for Meteor. Meteor takes a connection's messages one after the other, so
 * this process has to keep all messages behind a slow method.
 */
export class WaitingMessages {
  private readonly lengths: number[] = [];

  constructor(private readonly socket: Pick<RawSocket, '_meteorSession'>) {}

  get count(): number {
    return this.socket._meteorSession?.inQueue?.length ?? 0;
  }

  get bytes(): number {
    this.forgetBegun();
    return this.lengths.reduce((sum, length) => sum + length, 0);
  }

  /**
   * Hands a message to Meteor, and remembers its length if it has to wait. @returns the result of Meteor's handlers.
   */
  handOn(length: number, toMeteor: () => boolean): boolean {
    const before = this.count;
    const handled = toMeteor();
    if (this.count > before) this.lengths.push(length);
    return handled;
  }

  /** Meteor begins with the oldest. */
  private forgetBegun(): void {
    this.lengths.splice(0, this.lengths.length - this.count);
  }
}
