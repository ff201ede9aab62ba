import { Meteor } from 'meteor/meteor';
import { addressOf } from './address';
import { Bucket } from './bucket';

export interface SocketLimits {
  connectionsPerAddress: number;
  messagesPerSecond: number;
  messageBytes: number;
}

/** A connection as the stream server gives it. SockJS and the Node host know the address as well. */
type RawSocket = Meteor.RawSocket & { remoteAddress?: string };

interface Refusals {
  tell(fields: object): void;
}

/** A page sends what it missed when it comes back. */
const burstSeconds = 5;

/** Closes connections of which one address has too many, and those that say too much. */
export function limitSockets(limits: SocketLimits, refusals: Refusals): void {
  const perAddress = new Map<string, number>();
  Meteor.server.stream_server.register(socket => {
    const address = addressOf(socket);
    const refuse = (reason: string) => {
      refusals.tell({ address, reason });
      socket.close();
    };
    const count = (perAddress.get(address) ?? 0) + 1;
    perAddress.set(address, count);
    socket.on('close', () => leave(perAddress, address));
    if (count > limits.connectionsPerAddress) refuse(`more than ${limits.connectionsPerAddress} from one address`);
    else limitMessages(socket, limits, refuse);
  });
}

function leave(perAddress: Map<string, number>, address: string): void {
  const count = (perAddress.get(address) ?? 1) - 1;
  if (count > 0) perAddress.set(address, count);
  else perAddress.delete(address);
}

function limitMessages(socket: RawSocket, limits: SocketLimits, refuse: (reason: string) => void): void {
  const bucket = new Bucket(limits.messagesPerSecond, limits.messagesPerSecond * burstSeconds);
  let refused = false;
  socket.on('data', text => {
    if (refused) return;
    const bytes = Buffer.byteLength(text);
    const tooLong = bytes > limits.messageBytes;
    if (!tooLong && bucket.take()) return;
    refused = true;
    refuse(tooLong ? `a message of ${bytes} bytes` : `more than ${limits.messagesPerSecond} messages a second`);
  });
}
