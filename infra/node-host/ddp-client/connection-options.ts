import type { BufferOptions } from './incoming-data';
import type { StreamOptions } from './stream';

/** The options of `DDP.connect`. Times in milliseconds. */
export interface ConnectionOptions extends StreamOptions, BufferOptions {
  /** Silence before a ping; 0: no pings. */
  heartbeatInterval: number;
  /** How long its answer may take. */
  heartbeatTimeout: number;
  /** A session has begun. */
  onConnected: () => void;
  onDDPVersionNegotiationFailure: (description: string) => void;
}

const defaultOptions: ConnectionOptions = {
  retry: true,
  connectTimeoutMs: 10_000,
  heartbeatInterval: 17_500,
  heartbeatTimeout: 15_000,
  bufferedWritesInterval: 5,
  bufferedWritesMaxAge: 500,
  onConnected: () => {},
  onDDPVersionNegotiationFailure: description => console.error(description),
};

const others = ['headers', '_dontPrintErrors'];

/** @throws for an option that the host does not support */
export function completeOptions(given: Partial<ConnectionOptions>): ConnectionOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name] of set) {
    if (!(name in defaultOptions) && !others.includes(name)) {
      throw new Error(`DDP.connect: option "${name}" is not part of the Node host (see infra/node-host/README.md)`);
    }
  }
  return { ...defaultOptions, ...Object.fromEntries(set) };
}
