import { Meteor } from 'meteor/meteor';
import { addressOf } from './client-address';
import { MessageJudge, type MessageLimits } from './message-limits';
import { closeSocket, cutSocket, type RawSocket, WaitingMessages, wireOf } from './raw-socket';
import { type UnreadLimits, UnreadWatch } from './unread-limits';

export interface SocketLimits extends MessageLimits, UnreadLimits {
  connectionsPerAddress: number;
}

interface SocketLimitsOptions {
  limits: SocketLimits;
  refusals: { log(fields: object): void };
  /** Whether this DDP connection has proved itself to be the link, which may have much to say. */
  isLink(connectionId: string): boolean;
}

/** How many times as much as a stranger the link may say. */
const linkFactor = 20;
/** Beside a message: heads of frames, pings. */
const framesBytes = 65_536;

/** Closes connections of which one address has too many, those that say too much and those that don't read. */
export class SocketGuard {
  private readonly perAddress = new Map<string, number>();
  private readonly unread: UnreadWatch;

  constructor(private readonly options: SocketLimitsOptions) {
    this.unread = new UnreadWatch(options.limits, (socket, reason) => this.say(socket, reason));
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
    const { connectionsPerAddress } = this.options.limits;
    const address = addressOf(socket);
    const count = (this.perAddress.get(address) ?? 0) + 1;
    this.perAddress.set(address, count);
    socket.on('close', () => this.leave(address));
    const isTooMany = count > connectionsPerAddress;
    this.listen(socket, isTooMany);
    if (isTooMany) this.refuse(socket, `more than ${connectionsPerAddress} from one address`);
  }

  private leave(address: string): void {
    const count = (this.perAddress.get(address) ?? 1) - 1;
    if (count > 0) this.perAddress.set(address, count);
    else this.perAddress.delete(address);
  }

  /** Each message is looked at before Meteor sees it; after one that is refused, Meteor hears of no more. */
  private listen(socket: RawSocket, isRefused: boolean): void {
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

  /** The judge of a stranger, until the connection has proved itself. */
  private judgeOf(socket: RawSocket): () => MessageJudge {
    const { limits, isLink } = this.options;
    const ofStranger = new MessageJudge(limits, 1);
    let ofLink: MessageJudge | undefined;
    return () => {
      const id = socket._meteorSession?.id;
      if (ofLink || id === undefined || !isLink(id)) return ofLink ?? ofStranger;
      ofLink = new MessageJudge(limits, linkFactor);
      return ofLink;
    };
  }

  /** Pieces of a message wait in this process for its end. @returns what to call when it has come. */
  private limitUnfinished(socket: RawSocket): () => void {
    const maxBytes = this.options.limits.messageBytes + framesBytes;
    let unfinished = 0;
    // Counts before the parser of frames does its work, and leaves it to that one to have the bytes flow.
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
 * Has frames refused that announce more than a message may have: unfinished ones would pile up. Compressed ones are not
 * agreed on, because Meteor unpacks them whole: a megabyte can hold a gigabyte. SERVER_WEBSOCKET_COMPRESSION insists.
 */
function limitFrames(messageBytes: number): void {
  const { server } = Meteor.server.stream_server as { server?: { options?: { faye_server_options?: FrameOptions } } };
  const frames = server?.options?.faye_server_options;
  if (!frames) return;
  frames.maxLength = messageBytes;
  if (!process.env.SERVER_WEBSOCKET_COMPRESSION) frames.extensions = [];
}
