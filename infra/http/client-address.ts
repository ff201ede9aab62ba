import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The part of a raw connection that shows where it comes from. */
interface Caller {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly remoteAddress?: string;
}

/**
 * The real address of a client: behind HTTP_FORWARDED_COUNT proxies, the address that the outermost of them reported,
 * as Meteor itself counts. Entries further left in the header come from the client itself.
 */
export function addressOf({ headers, remoteAddress }: Caller): string {
  const proxies = Number.parseInt(process.env.HTTP_FORWARDED_COUNT ?? '', 10) || 0;
  if (proxies === 0) return remoteAddress ?? 'unknown';
  const hops = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map(hop => hop.trim());
  return hops.at(-proxies) || remoteAddress || 'unknown';
}

const loopback = loopbackAddresses();

/** Headers that proxies add beside X-Forwarded-For, and `meteor run` does not. */
const proxyHeaders = ['forwarded', 'x-real-ip', 'via'] as const;

/**
 * Whether a request comes from this very machine. A proxy on the same machine looks the same, except for its headers:
 * one that adds none, and asks for a host of this machine, can't be told from a local program.
 */
export function isFromThisMachine({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
  // `meteor run` has its own proxy in front, which reports where a request came from.
  const forwarded = Object.keys(headers).some(name => name.startsWith('x-forwarded-'));
  const hops = forwarded ? String(headers['x-forwarded-for'] ?? '').split(',') : [];
  return (
    [socket.remoteAddress, ...hops].every(isLoopback) &&
    proxyHeaders.every(name => headers[name] === undefined) &&
    isLocalHost(headers.host)
  );
}

function isLoopback(input: string | undefined): boolean {
  const address = input?.trim().replace(/^::ffff:/i, '') ?? '';
  const version = isIP(address);
  return version !== 0 && loopback.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** A page in a browser of this machine, whose name resolves to this machine, sends that name as host. */
function isLocalHost(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isLoopback(name);
}

function loopbackAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8);
  list.addAddress('::1', 'ipv6');
  return list;
}
