import { Meteor } from 'meteor/meteor';
import { addressOf } from './client-address';
import { linkFactor, MessageJudge, type MessageLimits } from './message-limits';
import { closeSocket, cutSocket, type RawSocket, WaitingMessages, wireOf } from './raw-socket';
import { type UnreadLimits, UnreadWatch } from './unread-limits';

export interface SocketLimits extends MessageLimits, UnreadLimits {
  connectionsPerAddress: number;
}

interface SocketLimitsOptions {
  limits: SocketLimits;
  refusals: { log(fields: object): void };
  /** Whether this DDP connection has proved to be the link, which may send more. */
  isLink(connectionId: string): boolean;
  /** Whether the role's methods and publications are still to come. */
  isStarting(): boolean;
}

/** Bytes beside a message: frame headers, pings. */
const framesBytes = 65_536;

/**
 * Closes connections beyond the limit of one address, those that send too much, and those that don't read. While the role
 * starts it closes all of them: their clients come again, whereas a method that is not there yet fails for good.
 */
export class SocketGuard {
  private readonly perAddress = new Map<string, number>();
  private readonly unread: UnreadWatch;

  constructor(private readonly options: SocketLimitsOptions) {
    const factorOf = (socket: RawSocket) => (this.isLink(socket) ? linkFactor : 1);
    this.unread = new UnreadWatch(options.limits, factorOf, (socket, reason) => this.say(socket, reason));
  }

  start(): void {
    limitFrames(this.options.limits.messageBytes);
    Meteor.server.stream_server.register(socket => this.watch(socket as RawSocket));
    this.unread.start();
  }

  stop(): void {
    this.unread.stop();
  }

  private watch(socket: RawSocket): void {
    if (this.options.isStarting()) return void this.turnAway(socket, 'the role starts');
    const { connectionsPerAddress } = this.options.limits;
    const address = addressOf(socket);
    if (address === 'unknown') return void this.listen(socket, false); // all of them would be one
    const count = (this.perAddress.get(address) ?? 0) + 1;
    this.perAddress.set(address, count);
    socket.on('close', () => this.leave(address));
    const objection = count > connectionsPerAddress ? `more than ${connectionsPerAddress} from one address` : undefined;
    if (objection) this.turnAway(socket, objection);
    else this.listen(socket, false);
  }

  private turnAway(socket: RawSocket, reason: string): void {
    this.listen(socket, true);
    this.refuse(socket, reason);
  }

  private leave(address: string): void {
    const count = (this.perAddress.get(address) ?? 1) - 1;
    if (count > 0) this.perAddress.set(address, count);
    else this.perAddress.delete(address);
  }

  /** Checks each message before Meteor gets it; after a refused one, Meteor gets no more. */
  private listen(socket: RawSocket, isRefused: boolean): void {
    if (!socket.emit) {
      this.listenBeside(socket);
      return;
    }
    let refused = isRefused;
    const emit = socket.emit.bind(socket);
    const judge = this.judgeOf(socket);
    const waiting = new WaitingMessages(socket);
    const messageIsWhole = this.limitUnfinished(socket);
    socket.emit = (event, ...values) => {
      if (event !== 'data') return emit(event, ...values);
      messageIsWhole();
      if (refused || !this.unread.mayGoOn(socket)) return false;
      const text = String(values[0]);
      const objection = judge().objection(text, waiting);
      if (objection === undefined) return waiting.handOn(Buffer.byteLength(text), () => emit(event, ...values));
      refused = true;
      this.refuse(socket, objection);
      return true;
    };
  }

  /** Where Meteor gets each message at the same moment: the one that is too much is the last. */
  private listenBeside(socket: RawSocket): void {
    let refused = false;
    const judge = this.judgeOf(socket);
    const waiting = new WaitingMessages(socket);
    socket.on('data', (text: string) => {
      if (refused || !this.unread.mayGoOn(socket)) return;
      const objection = judge().objection(text, waiting);
      if (objection === undefined) return;
      refused = true;
      this.refuse(socket, objection);
    });
  }

  private isLink({ _meteorSession: session }: RawSocket): boolean {
    return session?.id !== undefined && this.options.isLink(session.id);
  }

  /** The limits of an unknown client, until the connection has proved to be the link. */
  private judgeOf(socket: RawSocket): () => MessageJudge {
    const { limits } = this.options;
    const ofStranger = new MessageJudge(limits, 1);
    let ofLink: MessageJudge | undefined;
    return () => {
      if (ofLink || !this.isLink(socket)) return ofLink ?? ofStranger;
      ofLink = new MessageJudge(limits, linkFactor);
      return ofLink;
    };
  }

  /**
   * The pieces of a message wait in this process for its end. @returns a function to call when the message is complete.
   */
  private limitUnfinished(socket: RawSocket): () => void {
    const maxBytes = this.options.limits.messageBytes + framesBytes;
    let unfinished = 0;
    // Counts before the parser of frames works, and leaves the flow of the bytes to it.
    wireOf(socket)?.prependListener('data', (bytes: Buffer) => {
      unfinished += bytes.length;
      if (unfinished <= maxBytes) return;
      unfinished = Number.NEGATIVE_INFINITY; // logged once
      this.say(socket, `${maxBytes} bytes without the end of a message`);
      cutSocket(socket);
    });
    return () => {
      unfinished = 0;
    };
  }

  private refuse(socket: RawSocket, reason: string): void {
    this.say(socket, reason);
    closeSocket(socket);
  }

  private say(socket: RawSocket, reason: string): void {
    this.options.refusals.log({ address: addressOf(socket), reason });
  }
}

/** What SockJS hands to Meteor's parser of frames with each new connection. */
interface FrameOptions {
  maxLength?: number;
  extensions?: unknown[];
}

/**
 * Refuses frames that announce more than the limit of a message: unfinished ones would pile up. Turns compression off,
 * because Meteor unpacks a message as a whole: a megabyte can hold a gigabyte. SERVER_WEBSOCKET_COMPRESSION turns it on
 * again.
 */
function limitFrames(messageBytes: number): void {
  const { server } = Meteor.server.stream_server as { server?: { options?: { faye_server_options?: FrameOptions } } };
  const frames = server?.options?.faye_server_options;
  if (!frames) return;
  frames.maxLength = messageBytes;
  if (!process.env.SERVER_WEBSOCKET_COMPRESSION) frames.extensions = [];
}
