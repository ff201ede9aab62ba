import { types } from 'node:util';
import { type NormalForm, normalForm, resultLimits } from '../../catalog';

/** Collects the messages of a tick and sends them in one write. */
export class Outbox<Message> {
  private messages: Message[] = [];
  private scheduled = false;

  /** @param write gets at least one message. */
  constructor(private readonly write: (messages: Message[]) => void) {}

  /** Goes out at the end of this tick, or with the next `flush`. */
  push(message: Message): void {
    this.messages.push(message);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Writes now: what follows may block this event loop, or end the process. */
  flush(): void {
    this.scheduled = false;
    if (this.messages.length === 0) return;
    const messages = this.messages;
    this.messages = [];
    this.write(messages);
  }
}

/**
 * A copy of a value that the channel can carry, or the reason why there is none. The channel writes at the end of a
 * tick, and a handler may change its value until then; the copy stays as it was checked.
 *
 * @param path names the value in the message, as in `result.rows.3`.
 * @param bytes at most, all names and values together.
 */
export function sendable(value: unknown, path: string, bytes: number): NormalForm {
  return normalForm(value, path, { ...resultLimits, bytes, isProxy: types.isProxy });
}

/**
 * Sends a batch in one write. If the channel refuses it, its messages go one by one, so that a bad message does not
 * hold up the others.
 *
 * @param refused gets each message that can't be sent.
 */
export function sendEach<Message>(
  messages: Message[],
  send: (messages: Message[]) => void,
  refused: (message: Message, error: unknown) => void,
): void {
  try {
    send(messages);
  } catch (error) {
    if (messages.length === 1) refused(messages[0] as Message, error);
    else for (const message of messages) sendEach([message], send, refused);
  }
}
