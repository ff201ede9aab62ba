import type { Socket } from 'node:net';
import { Meteor } from 'meteor/meteor';

/** A connection as the stream server gives it: SockJS's on Meteor. `@types/meteor` knows less of it. */
export type RawSocket = Meteor.RawSocket & {
  headers: Record<string, string | string[] | undefined>;
  remoteAddress?: string;
  emit(event: string, ...values: unknown[]): boolean;
  /** Of WebSockets: the connection underneath. Other transports have one for each request. */
  _session?: { recv?: { connection?: Socket } | null };
  /** The DDP session, and what waits in it while an earlier message is worked on; no queue once it is closed. */
  _meteorSession?: { id: string; inQueue?: { length: number } | null } | null;
};

/** The TCP connection, where the host shows it. */
export const wireOf = (socket: RawSocket): Socket | undefined => socket._session?.recv?.connection;

/** How many bytes wait for the client to read them. */
export const unreadOf = (socket: RawSocket): number => wireOf(socket)?.writableLength ?? 0;

export const allSockets = (): RawSocket[] => Meteor.server.stream_server.all_sockets() as RawSocket[];

const goodbyeMs = 1_000;

/** Closes a connection, with a goodbye; who does not answer it is cut off. */
export function closeSocket(socket: RawSocket): void {
  const wire = wireOf(socket);
  socket.close();
  if (wire) setTimeout(() => wire.destroy(), goodbyeMs).unref();
}

/** Ends a connection at once, and what waits for it is gone. */
export function cutSocket(socket: RawSocket): void {
  const wire = wireOf(socket);
  if (wire) wire.destroy();
  else socket.close();
}

/**
 * The messages of one connection that wait for Meteor: Meteor takes a connection's messages one after the other, so
 * that a slow method holds up, and this process keeps, all that comes behind it.
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

  /** Hands a message to Meteor, and remembers its length where it has to wait. @returns what Meteor's handlers do. */
  handOn(length: number, toMeteor: () => boolean): boolean {
    const before = this.count;
    const handled = toMeteor();
    if (this.count > before) this.lengths.push(length);
    return handled;
  }

  /** The first to come are the first that Meteor begins with. */
  private forgetBegun(): void {
    this.lengths.splice(0, this.lengths.length - this.count);
  }
}
