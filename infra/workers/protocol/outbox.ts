/** Collects messages and sends all that a tick has to say in one write. */
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
