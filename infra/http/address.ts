/** What a raw connection tells of where it comes from. */
interface Caller {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly remoteAddress?: string;
}

/**
 * Where a client really is: behind HTTP_FORWARDED_COUNT proxies, what the outermost of them reported, as Meteor itself
 * counts. What stands further left in the header is what the client says of itself.
 */
export function addressOf({ headers, remoteAddress }: Caller): string {
  const proxies = Number.parseInt(process.env.HTTP_FORWARDED_COUNT ?? '', 10) || 0;
  if (proxies === 0) return remoteAddress ?? 'unknown';
  const hops = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map(hop => hop.trim());
  return hops.at(-proxies) || remoteAddress || 'unknown';
}
