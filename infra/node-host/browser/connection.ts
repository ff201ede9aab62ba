import { makeDDP } from '../ddp-client/ddp';
import type { Platform, Socket } from '../ddp-client/socket';

/** Connections from a page. */
const browserPlatform: Platform = {
  side: 'browser',
  openSocket: url => new WebSocket(url) as unknown as Socket,
  bind: callback => callback,
  // The page's own address, which behind a proxy may be another than ROOT_URL.
  siteRoot: () => location.origin + (runtimeConfig.ROOT_URL_PATH_PREFIX ?? ''),
  onOnline: callback => addEventListener('online', callback),
};

/** The server's configuration for the page, by Meteor's names. */
interface RuntimeConfig {
  meteorRelease?: string;
  ROOT_URL?: string;
  ROOT_URL_PATH_PREFIX?: string;
  /** Where the page connects to, if not to its own server. */
  DDP_DEFAULT_CONNECTION_URL?: string;
  PUBLIC_SETTINGS?: Record<string, unknown>;
  meteorEnv?: { NODE_ENV?: string };
}

export const runtimeConfig: RuntimeConfig =
  (globalThis as { __meteor_runtime_config__?: RuntimeConfig }).__meteor_runtime_config__ ?? {};

export const DDP = makeDDP(browserPlatform);

/** The page's connection to its server, made as soon as the page's code is loaded. */
export const connection = DDP.connect(
  runtimeConfig.DDP_DEFAULT_CONNECTION_URL || '/',
  // `npm start -- --inspect`: a server at a breakpoint is not away, and a call that waits for it is not made anew.
  runtimeConfig.PUBLIC_SETTINGS?.inspected ? { heartbeatInterval: 0 } : {},
);
