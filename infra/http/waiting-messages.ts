import type { RawSocket } from './raw-socket';

/**
 * What one connection has said and nobody has begun with: Meteor takes a connection's messages one after the other, so
 * that a slow method holds up, and this process keeps, all that comes behind it.
 */
export class WaitingMessages {
  private readonly lengths: number[] = [];

  constructor(private readonly socket: Pick<RawSocket, '_meteorSession'>) {}

  get count(): number {
    return this.socket._meteorSession?.inQueue?.length ?? 0;
  }

  get bytes(): number {
    this.forgetBegun();
    return this.lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Hands a message to Meteor, and remembers its length where it has to wait. @returns what Meteor's handlers do. */
  handOn(length: number, toMeteor: () => boolean): boolean {
    const before = this.count;
    const handled = toMeteor();
    if (this.count > before) this.lengths.push(length);
    return handled;
  }

  /** The first to come are the first that Meteor begins with. */
  private forgetBegun(): void {
    this.lengths.splice(0, this.lengths.length - this.count);
  }
}
