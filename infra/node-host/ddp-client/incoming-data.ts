import type { DdpMessage } from '../shared/ddp-message';
import { StoreWrites } from './store-writes';

export interface BufferOptions {
  /** Writes that follow each other within this many ms go into the stores together; 0: one by one. */
  bufferedWritesInterval: number;
  /** The longest that a write is held back, in ms. */
  bufferedWritesMaxAge: number;
}

interface Announcements {
  /** All data of a subscription is in the stores. */
  ready(subscriptionId: string): void;
  /** All writes of a method are in the stores. */
  updated(methodId: string): void;
}

/**
 * Documents on their way from the socket to the stores.
 *
 * After a reconnect, and while a `wait` method runs, it holds all data back until nothing is missing. Then the stores
 * change over in one step, so that no reader sees a gap.
 */
export class IncomingData {
  readonly writes = new StoreWrites();
  private heldBack: DdpMessage[] = [];
  private methodsToAwait = new Set<string>();
  private subscriptionsToAwait = new Set<string>();
  private flushTimer: NodeJS.Timeout | undefined;
  private flushAt: number | undefined;

  constructor(
    private readonly options: BufferOptions,
    private readonly announce: Announcements,
  ) {}

  /** Holds all data back until this method's writes are there. */
  awaitMethod(id: string): void {
    this.methodsToAwait.add(id);
  }

  /**
   * A new session: the server sends everything again.
   *
   * @param missing subscriptions and methods that were there before, and whose data has to come first
   * @param afterwards runs when the stores hold the new session's data
   */
  newSession(missing: { subscriptions: string[]; methods: string[] }, afterwards: (() => void)[]): void {
    this.heldBack = [];
    this.subscriptionsToAwait = new Set(missing.subscriptions);
    this.methodsToAwait = new Set(missing.methods);
    clearTimeout(this.flushTimer);
    this.writes.startAfresh(afterwards);
    if (!this.isHoldingBack()) this.flush();
  }

  /** @param message added, changed, removed, ready, updated or nosub */
  receive(message: DdpMessage): void {
    if (this.isHoldingBack()) {
      this.heldBack.push(message);
      this.strikeOff(message);
      if (this.isHoldingBack()) return;
      const messages = this.heldBack;
      this.heldBack = [];
      for (const earlier of messages) this.process(earlier);
      this.flush();
    } else {
      this.process(message);
      this.flushNowOrSoon(message);
    }
  }

  /** Puts what was received into the stores, unless it is held back. */
  settle(): void {
    if (!this.isHoldingBack()) this.flush();
  }

  private flush(): void {
    clearTimeout(this.flushTimer);
    this.flushAt = undefined;
    this.writes.perform();
  }

  private isHoldingBack(): boolean {
    return this.methodsToAwait.size > 0 || this.subscriptionsToAwait.size > 0;
  }

  private strikeOff(message: DdpMessage): void {
    if (message.msg === 'nosub') this.subscriptionsToAwait.delete(message.id as string);
    for (const id of idsIn(message.subs)) this.subscriptionsToAwait.delete(id);
    for (const id of idsIn(message.methods)) this.methodsToAwait.delete(id);
  }

  private process(message: DdpMessage): void {
    if (isWrite(message)) this.writes.add(message);
    if (message.msg === 'ready') {
      for (const id of idsIn(message.subs)) this.writes.afterwards(() => this.announce.ready(id));
    }
    if (message.msg === 'updated') {
      for (const id of idsIn(message.methods)) this.writes.afterwards(() => this.announce.updated(id));
    }
  }

  private flushNowOrSoon(message: DdpMessage): void {
    const { bufferedWritesInterval, bufferedWritesMaxAge } = this.options;
    this.flushAt ??= Date.now() + bufferedWritesMaxAge;
    if (!isWrite(message) || bufferedWritesInterval === 0 || this.flushAt < Date.now()) {
      this.flush();
      return;
    }
    clearTimeout(this.flushTimer);
    this.flushTimer = setTimeout(() => this.flush(), bufferedWritesInterval);
  }
}

function isWrite({ msg }: DdpMessage): boolean {
  return msg === 'added' || msg === 'changed' || msg === 'removed';
}

function idsIn(value: unknown): string[] {
  return Array.isArray(value) ? value : [];
}
