import { currentMethodInvocation, currentPublicationInvocation } from '../ddp/current';
import { makeDDP } from '../ddp-client/ddp';
import { nodePlatform } from '../ddp-client/node-platform';
import { RandomStream } from '../shared/random-stream';

const fromHere = makeDDP(nodePlatform(() => process.env.ROOT_URL ?? ''));

/** `DDP` on the server: connections to other servers, and what the running method or publication is. */
export const DDP = {
  connect: fromHere.connect,
  onReconnect: fromHere.onReconnect,
  ConnectionError: fromHere.ConnectionError,
  randomStream: (name: string) => RandomStream.get(currentMethodInvocation.get(), name),
  _CurrentMethodInvocation: currentMethodInvocation,
  _CurrentPublicationInvocation: currentPublicationInvocation,
};
