import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a role that drains waits for uploads and downloads that are under way. */
const patienceMs = 10_000;

/** Knows the requests that have not been answered yet, so that a role does not end in the middle of one. */
export class OpenRequests {
  private open = 0;
  private none = () => {};

  /** Goes before all other handlers. */
  readonly count = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    this.open += 1;
    response.once('close', () => {
      this.open -= 1;
      if (this.open === 0) this.none();
    });
    next();
  };

  /** Resolves when all are answered, or when patience is at its end. */
  async answered(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>(resolve => {
      this.none = resolve;
      setTimeout(resolve, patienceMs).unref();
    });
  }
}
