import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * The target of a request, as a path that all later parsers can read, here and in Meteor. Some parsers throw at an
 * invalid URL, outside of any handler, and that would end the process.
 *
 * @param target as it is in the request line: a path, a whole URL, `*`, or anything else.
 */
export function readableTarget(target: string): string {
  const [path = '', ...query] = withoutSite(target).split('?');
  return [decodable(onePath(path)), ...query.map(ascii)].join('?');
}

/** Proxies send whole URLs. This server is the site that they mean. */
const withoutSite = (target: string): string => target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');

/** Two leading slashes would name a host. */
const onePath = (path: string): string => ascii(`/${path.replace(/^[/\\]+/, '')}`);

/** Node gives each byte as a character of its own. */
const ascii = (text: string): string =>
  text.replace(/[^!-~]|[\\#]/g, byte => `%${Buffer.from(byte, 'latin1').toString('hex')}`);

/** Turns invalid escapes into plain text, so that they can be parsed; see refuseBadEscapes. */
function decodable(path: string): string {
  return isDecodable(path) ? path : path.replaceAll('%', '%25');
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

const withBadEscapes = new WeakSet<IncomingMessage>();

/** Runs before all other code that reads a request, Meteor's own sockets included. */
export function makeTargetsReadable(server: Server): void {
  for (const event of ['request', 'upgrade']) {
    server.prependListener(event, (request: IncomingMessage) => {
      const { url = '/' } = request;
      if (!isDecodable(url.split('?')[0] ?? '')) withBadEscapes.add(request);
      request.url = readableTarget(url);
    });
  }
}

/** Answers 400 to a path with invalid escapes: no page and no file has such a name. */
export function refuseBadEscapes(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (!withBadEscapes.has(request)) {
    next();
    return;
  }
  response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('The address holds an escape that means nothing.\n');
}
