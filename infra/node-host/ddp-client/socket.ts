/** The part of WebSocket that the client uses. The browser's own and that of the npm package `ws` both have it. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** The differences between a browser and a server. */
export interface Platform {
  readonly side: 'browser' | 'server';
  /** @param url ws: or wss: */
  openSocket(url: string, headers?: Record<string, string>): Socket;
  /** Keeps the caller's context (AsyncLocalStorage on a server) for a callback that runs later. */
  bind<F extends (...args: never[]) => unknown>(callback: F): F;
  /** Where the site's root is, for urls that begin with `/`. */
  siteRoot(): string;
  /** Calls back each time the machine's network returns, if the platform reports it. */
  onOnline?(callback: () => void): void;
}

/**
 * The socket's address for the url of `DDP.connect`, the site's root: `host:port`, `http(s)://…`, `ws(s)://…`, `/`.
 * Meteor answers at `websocket` below it.
 *
 * @throws when it is not a url
 */
export function socketUrl(url: string, siteRoot: string): string {
  const absolute = url.startsWith('/') ? joined(siteRoot, url) : url;
  const withScheme = /^[a-z]+:\/\//i.test(absolute) ? absolute : `ws://${absolute}`;
  const socketScheme = withScheme.replace(/^http/i, 'ws');
  if (!/^wss?:/i.test(socketScheme) || !URL.canParse(socketScheme)) {
    throw new Error(`DDP.connect: "${url}" is not the url of a site; write it like http://localhost:3000`);
  }
  return joined(socketScheme, 'websocket');
}

function joined(root: string, path: string): string {
  return `${root.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}
