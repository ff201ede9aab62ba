import { type DdpMessage, SUPPORTED_DDP_VERSIONS } from '../shared/ddp-message';

/** The first of the client's versions that we know; accepted where that is the one which the client proposes. */
export function negotiate({ version, support }: DdpMessage): { version: string; accepted: boolean } {
  const preferred = SUPPORTED_DDP_VERSIONS[0]!;
  const wellFormed =
    typeof version === 'string' &&
    Array.isArray(support) &&
    support.every(known => typeof known === 'string') &&
    support.includes(version);
  if (!wellFormed) return { version: preferred, accepted: false };
  const best = (support as string[]).find(known => SUPPORTED_DDP_VERSIONS.includes(known)) ?? preferred;
  return { version: best, accepted: best === version };
}
