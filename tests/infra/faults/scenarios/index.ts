import type { Scenario } from '../scenario';
import { killWebRole, sigtermTwice, sigtermWhileBooting, sigtermWithoutDatabase } from './built';
import { clocksApart, misbehavingHandlers, raceIds, raceOnce, raceUniqueKeys, rollingDeploy } from './contracts';
import { cronKills, cronWithoutDatabase } from './cron';
import { fullDisk } from './disk';
import { killAdders, killJobsRoles, killMongod, killMongodWhileStopped, killWorkers } from './kills';
import { longQueue } from './long-queue';
import { proxyCuts, proxyDelays, proxyFreezes, proxyGone, proxySwallows } from './network';
import { replicaSetKillPrimary, replicaSetStepDown } from './replica-set';
import { soak } from './soak';
import { sigtermBlockedWorkers, sigtermOnce, stopPastLease } from './stops';
import { killInBatches, killInLimits } from './waiting';

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  killWorkers,
  killJobsRoles,
  killAdders,
  killWebRole,
  killMongod,
  killMongodWhileStopped,
  killInBatches,
  killInLimits,
  stopPastLease,
  proxyCuts,
  proxySwallows,
  proxyFreezes,
  proxyDelays,
  proxyGone,
  sigtermOnce,
  sigtermTwice,
  sigtermWhileBooting,
  sigtermWithoutDatabase,
  sigtermBlockedWorkers,
  misbehavingHandlers,
  raceIds,
  raceOnce,
  raceUniqueKeys,
  clocksApart,
  rollingDeploy,
  replicaSetStepDown,
  replicaSetKillPrimary,
  fullDisk,
  cronKills,
  cronWithoutDatabase,
  longQueue,
  soak,
];
