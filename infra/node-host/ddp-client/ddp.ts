import { makeErrorType } from '../shared/meteor-error';
import { Connection } from './connection';
import type { ConnectionOptions } from './connection-options';
import type { Platform } from './socket';

const fillMessage = function (this: Error, message: string): void {
  this.message = message;
};

/** The namespace `DDP` of one side. */
export function makeDDP(platform: Platform) {
  const onEachReconnect = new Set<(connection: Connection) => void>();
  return {
    /**
     * A connection to another site.
     *
     * @param url the site's root, like http://localhost:3000
     * @throws when it is no url
     */
    connect(url: string, options?: Partial<ConnectionOptions>): Connection {
      return new Connection(url, platform, options, connection => {
        for (const callback of onEachReconnect) callback(connection);
      });
    },

    /** Calls back with each connection of this side when it is made, and made again; its calls go before all others. */
    onReconnect(callback: (connection: Connection) => void): { stop(): void } {
      onEachReconnect.add(callback);
      return { stop: () => void onEachReconnect.delete(callback) };
    },

    ConnectionError: makeErrorType('DDP.ConnectionError', fillMessage),
  };
}
