import type { IncomingMessage, ServerResponse } from 'node:http';
import { textOf } from '../errors/plain-error';

/** An answer that is not what was asked for: `error` for programs, `reason` for the person. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  constructor(
    readonly status: number,
    readonly error: string,
    readonly reason: string,
  ) {
    super(`${status} ${error}: ${reason}`);
  }
}

/** Answers with JSON that no cache keeps and no browser takes for anything else. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

/** How long a refused sender may go on sending, so that its browser still reads the answer instead of a broken pipe. */
const drainMs = 10_000;

/** Answers `{ error, reason }`. What is no HttpError is a bug of ours: logged here, not shown to the sender. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof HttpError ? error : new HttpError(500, 'internal', 'The server failed. Try again.');
  if (known !== error) console.error(`${request.method} ${request.url} failed`, textOf(error));
  sendJson(response, known.status, { error: known.error, reason: known.reason });
  if (request.complete || request.destroyed) return;
  request.resume();
  const end = setTimeout(() => request.destroy(), drainMs).unref();
  request.once('close', () => clearTimeout(end));
}

/** A request handler for `WebApp.handlers` whose errors become answers. */
export function answering<R extends IncomingMessage>(
  handle: (request: R, response: ServerResponse) => Promise<void>,
): (request: R, response: ServerResponse) => void {
  return (request, response) => {
    handle(request, response).catch(error => sendError(request, response, error));
  };
}
