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
