import { AsyncLocalStorage } from 'node:async_hooks';
import { WebSocket } from 'ws';
import type { Platform, Socket } from './socket';

/** Connections from a server. @param siteRoot its own root url, for urls that begin with `/` */
export function nodePlatform(siteRoot: () => string): Platform {
  return {
    side: 'server',
    siteRoot,
    openSocket: (url, headers) => new WebSocket(url, { headers }) as unknown as Socket,
    bind: callback => {
      const restore = AsyncLocalStorage.snapshot();
      return ((...args: never[]) => restore(callback, ...args)) as typeof callback;
    },
  };
}
