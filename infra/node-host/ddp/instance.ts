import { DdpServer } from './ddp-server';

/** The one DDP server of this process. */
export const ddpServer = new DdpServer();
