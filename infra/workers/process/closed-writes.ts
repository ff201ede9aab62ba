import type { EventEmitter } from 'node:events';

/** What of the driver's connection is used here; it is no part of the driver's own interface. */
interface Connection extends EventEmitter {
  error: Error | null;
  writeCommand(...input: unknown[]): Promise<void>;
}

/**
 * The driver (7.9) waits after a large write for the socket's `drain`, which an `error` ends, but a plain `close` does
 * not: the call would wait for ever. A time limit, as the roles have it, is not for handlers: theirs may take long.
 */
export function endWritesOfClosedConnections(of: { prototype: Connection }): void {
  const { writeCommand } = of.prototype;
  of.prototype.writeCommand = async function (...input) {
    let stop = () => {};
    const closed = new Promise<never>((_, reject) => {
      const onClose = () => reject(this.error ?? new Error('the connection to the database closed during a write'));
      this.once('close', onClose);
      stop = () => this.off('close', onClose);
    });
    await Promise.race([writeCommand.apply(this, input), closed]).finally(stop);
  };
}
