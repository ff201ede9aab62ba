import type { IncomingMessage, Server } from 'node:http';

/**
 * What a request asks for, as a path that everybody can read who parses it later, here or in Meteor. Some parsers throw
 * at what is no URL, outside of any handler, and that would end the process.
 *
 * @param target as it stood in the request line: a path, a whole URL, `*`, or anything else.
 */
export function readableTarget(target: string): string {
  const [path = '', ...query] = withoutSite(target).split('?');
  return [decodable(onePath(path)), ...query.map(ascii)].join('?');
}

/** Proxies ask for whole URLs. The site is the one that they have reached. */
const withoutSite = (target: string): string => target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');

/** Two slashes at the beginning would name a host. */
const onePath = (path: string): string => ascii(`/${path.replace(/^[/\\]+/, '')}`);

/** Node gives each byte as a character of its own. */
const ascii = (text: string): string =>
  text.replace(/[^!-~]|[\\#]/g, byte => `%${Buffer.from(byte, 'latin1').toString('hex')}`);

/** Escapes that say nothing are taken for what they look like. */
function decodable(path: string): string {
  try {
    decodeURIComponent(path);
    return path;
  } catch {
    return path.replaceAll('%', '%25');
  }
}

/** Goes before all that look at a request, Meteor's own sockets included. */
export function makeTargetsReadable(server: Server): void {
  for (const event of ['request', 'upgrade']) {
    server.prependListener(event, (request: IncomingMessage) => {
      request.url = readableTarget(request.url ?? '/');
    });
  }
}
