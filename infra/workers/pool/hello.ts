import { didYouMean } from '../../catalog';
import { protocolVersion, type ToRole, type ToWorker } from '../protocol/messages';
import type { ResolvedPoolOptions } from './pool-options';

/** What a worker says first: what it was built from, and which handlers it has. */
export type Hello = Extract<ToRole, { kind: 'hello' }>;

const remedy = 'run `npm run build:worker`, then build or deploy again';

/**
 * Why a worker can't work for this role; undefined where it can.
 *
 * @param hash of the role's own catalog.
 */
export function whyUnfit(
  { protocol, catalogHash, handlers }: Hello,
  { types }: Pick<ResolvedPoolOptions, 'types'>,
  hash: string,
): string | undefined {
  if (protocol !== protocolVersion || catalogHash !== hash)
    return `was built from another task catalog than this role: ${remedy}`;
  const missing = Object.values(types).find(({ handler }) => handler && !handlers.includes(handler));
  if (!missing?.handler) return undefined;
  const hint = didYouMean(missing.handler, handlers);
  return `has no handler ${JSON.stringify(missing.handler)}${hint || ';'} imports/tasks/handlers/index.ts names them all`;
}

/** The answer to a worker that fits: with it, it begins. */
export function beginMessage(options: ResolvedPoolOptions): ToWorker {
  const { databaseUrl, appName, handlerSettings, resultLimit, progressEveryMs, types } = options;
  return {
    kind: 'begin',
    protocol: protocolVersion,
    settings: { databaseUrl, appName, handlerSettings, resultLimit, progressEveryMs, types: forWorkers(types) },
  };
}

function forWorkers(types: ResolvedPoolOptions['types']): Record<string, { handler?: string; perWorker?: number }> {
  const entries = Object.entries(types).map(([taskType, { handler, perWorker }]) => [
    taskType,
    { ...(handler !== undefined && { handler }), ...(perWorker !== undefined && { perWorker }) },
  ]);
  return Object.fromEntries(entries);
}
