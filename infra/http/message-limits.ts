import { TokenBucket } from '../timing/token-bucket';

export interface MessageLimits {
  messagesPerSecond: number;
  messageBytes: number;
}

/** The burst: a page that comes back sends all that it could not send before. */
const burstSeconds = 5;
/** The burst in bytes: each message may have the full length, but not one after the other. */
const burstOfBytes = 4;
/** The database takes no deeper documents, and code that walks through deeper ones may exhaust the stack. */
const deepest = 100;

/** How many times the limits of other connections the link has. */
export const linkFactor = 20;

/** What one connection may send, in messages and in bytes: a rate, and a burst. */
export interface SendLimits {
  messages: TokenBucket;
  bytes: TokenBucket;
}

/** @param factor how many times the usual limits. */
export function sendLimits({ messagesPerSecond, messageBytes }: MessageLimits, factor: number): SendLimits {
  return {
    messages: new TokenBucket(messagesPerSecond * factor, messagesPerSecond * factor * burstSeconds),
    bytes: new TokenBucket(messageBytes * factor, messageBytes * factor * burstOfBytes),
  };
}

/** Decides about the messages of one connection. */
export class MessageJudge {
  private readonly left: SendLimits;

  /** @param factor how many times the usual limits this connection has. */
  constructor(
    private readonly limits: MessageLimits,
    private readonly factor: number,
  ) {
    this.left = sendLimits(limits, factor);
  }

  /**
   * @param waiting the earlier messages that Meteor has not begun with: at most one burst may wait.
   * @returns why the message is refused; undefined if it is not.
   */
  objection(text: string, waiting: { count: number; bytes: number }): string | undefined {
    const { messagesPerSecond, messageBytes } = this.limits;
    const length = Buffer.byteLength(text);
    const mostWaiting = messagesPerSecond * this.factor * burstSeconds;
    const mostBytes = messageBytes * this.factor * burstOfBytes;
    if (length > messageBytes) return `a message of ${length} bytes`;
    if (!this.left.messages.take()) return `more than ${messagesPerSecond * this.factor} messages a second`;
    if (!this.left.bytes.take(length)) return `more than ${messageBytes * this.factor} bytes of messages a second`;
    if (waiting.count >= mostWaiting) return `${waiting.count} messages wait behind a slow one`;
    if (waiting.bytes + length > mostBytes) return `${waiting.bytes} bytes of messages wait behind a slow one`;
    if (depthOf(text) > deepest) return `a message nested more than ${deepest} deep`;
    return isOfNoKind(text) ? 'a message of a kind that no client sends' : undefined;
  }
}

/** How deeply lists and objects are nested in a text of JSON; any other text has some depth as well. */
function depthOf(text: string): number {
  if (text.length <= 2 * deepest) return 0; // as many brackets need more room
  let depth = 0;
  let max = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '\\' && quoted) at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === '[' || sign === '{')) max = Math.max(max, ++depth);
    else if (!quoted && (sign === ']' || sign === '}')) depth -= 1;
  }
  return max;
}

/**
 * Messages at which Meteor throws instead of answering: kinds named like members of Object, ids that it can't send
 * back.
 */
function isOfNoKind(text: string): boolean {
  const { msg, id } = objectIn(text);
  if (typeof msg === 'object' ? msg !== null : String(msg) in Object.prototype) return true;
  return (msg === 'ping' || msg === 'unsub') && Boolean(id) && typeof id !== 'string';
}

function objectIn(text: string): { msg?: unknown; id?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
