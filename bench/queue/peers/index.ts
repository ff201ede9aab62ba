import type { Peer } from '../peer';
import { agenda } from './agenda';
import { bullmq, bullmqAlways, bullmqSandboxed } from './bullmq';
import { graphileWorker } from './graphile-worker';
import { mongodbDriver } from './mongodb-driver';
import { pgBoss } from './pg-boss';
import { tandem, tandemForgotten, tandemInProcess } from './tandem';

/** All that are measured, in the order of the table, by the name for the command line. */
export const peers = {
  tandem,
  tandemInProcess,
  tandemForgotten,
  mongodbDriver,
  bullmq,
  bullmqAlways,
  bullmqSandboxed,
  graphileWorker,
  pgBoss,
  agenda,
} satisfies Record<string, Peer>;

export type PeerName = keyof typeof peers;
