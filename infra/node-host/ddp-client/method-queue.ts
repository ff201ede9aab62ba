import type { DdpMessage } from '../shared/ddp-message';
import type { MethodCall } from './method-call';

/** Calls that may be in progress together; one with `wait` has its block to itself. */
interface Block {
  wait: boolean;
  /** Without a result so far. */
  calls: MethodCall[];
}

/** The calls that are not done. The first block is in progress; the next one starts when all of its calls are done. */
export class MethodQueue {
  private readonly calls = new Map<string, MethodCall>();
  private blocks: Block[] = [];

  /** @param send called for each call whose turn it is */
  constructor(private readonly send: (call: MethodCall) => void) {}

  add(call: MethodCall): void {
    this.calls.set(call.id, call);
    const wait = Boolean(call.options.wait);
    const last = this.blocks.at(-1);
    if (wait || !last || last.wait) this.blocks.push({ wait, calls: [call] });
    else last.calls.push(call);
    if (this.blocks.length === 1) this.send(call);
  }

  /** @param message a DDP `result`; one for a call that nobody waits for is ignored */
  receive(message: DdpMessage): void {
    const underWay = this.blocks[0]?.calls ?? [];
    const index = underWay.findIndex(call => call.id === message.id);
    const [call] = index < 0 ? [] : underWay.splice(index, 1);
    call?.receive(message);
  }

  dataVisible(id: string): void {
    this.calls.get(id)?.dataVisible();
  }

  /** Each call calls this when it is done. */
  done(call: MethodCall): void {
    this.calls.delete(call.id);
    if ([...this.calls.values()].some(other => other.sent)) return;
    this.blocks.shift();
    this.sendFirstBlock();
  }

  /** Calls that have their result: their writes were not visible yet when the connection was lost. */
  halfDone(): MethodCall[] {
    return [...this.calls.values()].filter(call => call.hasResult);
  }

  /** Sent on this connection, without a result. */
  underWay(): MethodCall[] {
    return [...this.calls.values()].filter(call => call.sent && !call.hasResult);
  }

  /**
   * A new connection: sends the calls in progress again, except those that must not be repeated.
   *
   * @param beforehand may make calls that go out before all others (to authenticate, say)
   */
  sendAgain(beforehand: () => void): void {
    this.failUnrepeatable();
    if (this.blocks[0]?.calls.length === 0) this.blocks.shift();
    for (const call of this.calls.values()) call.sent = false;
    const earlier = this.blocks;
    this.blocks = [];
    beforehand();
    this.append(earlier);
  }

  private failUnrepeatable(): void {
    const [first] = this.blocks;
    if (!first) return;
    const lost = first.calls.filter(call => call.sent && call.options.noRetry);
    first.calls = first.calls.filter(call => !lost.includes(call));
    for (const call of lost) call.failForLostConnection();
  }

  private append(earlier: Block[]): void {
    const last = this.blocks.at(-1);
    if (!last) {
      this.blocks = earlier;
      this.sendFirstBlock();
      return;
    }
    const [first, ...rest] = earlier;
    if (!first) return;
    if (last.wait || first.wait) {
      this.blocks.push(...earlier);
      return;
    }
    last.calls.push(...first.calls);
    if (this.blocks.length === 1) first.calls.forEach(this.send);
    this.blocks.push(...rest);
  }

  private sendFirstBlock(): void {
    for (const call of [...(this.blocks[0]?.calls ?? [])]) this.send(call);
  }
}
