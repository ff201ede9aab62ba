import type { Scenario } from '../scenario';
import { killAdders, killJobsRoles, killMongod, killMongodWhileStopped, killWorkers } from './kills';

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  killWorkers,
  killJobsRoles,
  killAdders,
  killMongod,
  killMongodWhileStopped,
];
