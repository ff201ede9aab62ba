import { makeDDP } from '../ddp-client/ddp';
import { browserPlatform } from './platform';
import { runtimeConfig } from './runtime-config';

export const DDP = makeDDP(browserPlatform);

/** The page's connection to its server, made as soon as the page's code is loaded. */
export const connection = DDP.connect(runtimeConfig.DDP_DEFAULT_CONNECTION_URL || '/');
