import { DDP } from 'meteor/ddp';
import { Mongo } from 'meteor/mongo';
import { type LiveState, wire } from './contract';

/** The part of a DDP connection that the link uses; `@types/meteor` knows less of it. */
export interface DdpConnection {
  onReconnect: (() => void) | null;
  applyAsync(name: string, params: unknown[], options: object): Promise<unknown>;
  subscribe(name: string, callbacks: { onStop(error?: unknown): void }): { stop(): void };
  status(): { status: string; connected: boolean };
  reconnect(): void;
  disconnect(): void;
  close?(): void;
}

/** A try may take this long: over a far or busy line longer than the link waits between two tries. */
const connectTimeoutMs = 5_000;

export function openConnection(url: string): DdpConnection {
  const connect = DDP.connect as unknown as (url: string, options: object) => DdpConnection;
  // Meteor would print each failed try: we say once that the link is down.
  return connect(url, { _dontPrintErrors: true, connectTimeoutMs });
}

/** What the jobs role at the other end publishes of itself. */
export function replicaOf(connection: DdpConnection): Mongo.Collection<LiveState> {
  const options = { connection: connection as never, defineMutationMethods: false };
  return new Mongo.Collection<LiveState>(wire.liveCollection, options as never);
}
