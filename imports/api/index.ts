import type { RoleParts, Service } from '../../infra/app';
import type { ApiPart } from './part';
import { limitRates } from './rate-limits';

/** What the web role serves of the app, as one service. */
export function createApi(parts: readonly ApiPart[]): (role: RoleParts) => Service {
  return ({ files, keepIndexes }) => ({
    name: 'api',
    async start(): Promise<void> {
      await keepIndexes(() => Promise.all(parts.map(part => part.ensureIndexes?.())));
      await Promise.all(parts.map(part => part.start(files)));
      limitRates(parts);
    },
    async stop(): Promise<void> {
      await Promise.all(parts.map(part => part.stop?.()));
    },
  });
}
