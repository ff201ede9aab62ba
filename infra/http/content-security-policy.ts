import type { SecurityAdditions } from '../app';

/**
 * The directives of the policy that lets the page load only our own sources.
 *
 * @param rootUrl decides whether the page may be loaded by https only.
 * @param additions further sources that the app allows; an addition never replaces one of ours.
 */
export function contentSecurityPolicy(rootUrl: string, additions: SecurityAdditions = {}): Record<string, string[]> {
  const { protocol, host } = new URL(rootUrl);
  const encrypted = protocol === 'https:';
  const own: Record<string, string[]> = {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'", `${encrypted ? 'wss' : 'ws'}://${host}`],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    ...(encrypted && { upgradeInsecureRequests: [] }),
  };
  const added = Object.entries(additions).map(([name, sources = []]) => [
    name,
    [...(own[name] ?? own.defaultSrc!), ...sources],
  ]);
  return { ...own, ...Object.fromEntries(added) };
}
