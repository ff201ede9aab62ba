import type { Platform, Socket } from '../ddp-client/socket';
import { runtimeConfig } from './runtime-config';

/** Connections from a page. */
export const browserPlatform: Platform = {
  side: 'browser',
  openSocket: url => new WebSocket(url) as unknown as Socket,
  bind: callback => callback,
  // The page's own address, which behind a proxy may be another than ROOT_URL.
  siteRoot: () => location.origin + (runtimeConfig.ROOT_URL_PATH_PREFIX ?? ''),
  onOnline: callback => addEventListener('online', callback),
};
