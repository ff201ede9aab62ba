import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import type { MethodName } from './contract';

const second = 1_000;

/** How often one connection may call each method: [calls, in milliseconds]. A person does not get near it. */
const methodLimits: Record<MethodName, readonly [number, number]> = {
  'visitors.enter': [10, 10 * second],
  'reports.build': [10, 10 * second],
  'reports.cancel': [20, 10 * second],
  'reports.retry': [20, 10 * second],
  'reports.remove': [40, 10 * second],
  'pictures.retry': [20, 10 * second],
  'pictures.remove': [40, 10 * second],
  'burn.start': [5, 10 * second],
  'pulse.read': [50, 10 * second],
};

/** Subscriptions cost a look at the database each. */
const subscriptionLimit = [30, 10 * second] as const;

const anyConnection = () => true;

/** Arms the limits of the sample's methods and of the publications named. */
export function limitRates(publications: readonly string[]): void {
  for (const [name, [calls, ms]] of Object.entries(methodLimits)) {
    DDPRateLimiter.addRule({ type: 'method', name, connectionId: anyConnection }, calls, ms);
  }
  const ours = (name: string) => publications.includes(name);
  const [calls, ms] = subscriptionLimit;
  DDPRateLimiter.addRule({ type: 'subscription', name: ours, connectionId: anyConnection }, calls, ms);
}
