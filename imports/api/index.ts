import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import type { RoleParts, Service } from '../../infra/app';
import type { ApiPart, Limit } from './part';

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

/** How often one connection may subscribe. */
const subscriptionLimit: Limit = [30, 10_000];

const anyConnection = () => true;

/** Arms the limits of the methods and publications of these parts. */
function limitRates(parts: readonly ApiPart[]): void {
  for (const [name, [calls, ms]] of parts.flatMap(part => Object.entries<Limit>(part.limits))) {
    DDPRateLimiter.addRule({ type: 'method', name, connectionId: anyConnection }, calls, ms);
  }
  const publications = parts.flatMap(part => part.publications);
  const ours = (name: string) => publications.includes(name);
  const [calls, ms] = subscriptionLimit;
  DDPRateLimiter.addRule({ type: 'subscription', name: ours, connectionId: anyConnection }, calls, ms);
}
