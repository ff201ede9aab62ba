import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FileStore, StoredFile } from '../database';
import { textOf } from '../errors/plain-error';
import { disposition, downloadName, safeType } from './file-names';

/** An error as an answer: `error` for programs, `reason` for people. */
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

/** Answers with JSON that no cache keeps and no browser reads as another type. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

/** How long a refused client may go on sending, so that its browser reads the answer instead of a broken pipe. */
const drainMs = 10_000;

/**
 * Answers `{ error, reason }`. Any other error than an HttpError is a bug of ours: logged here, not shown to the
 * client. An answer that has begun breaks off instead: its client would wait for the rest.
 */
export function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof HttpError ? error : new HttpError(500, 'internal', 'The server failed. Try again.');
  if (known !== error) console.error(`${request.method} ${request.url} failed`, textOf(error));
  if (response.headersSent && !response.writableEnded) response.destroy();
  else sendJson(response, known.status, { error: known.error, reason: known.reason });
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

/** Answers with a stored file. The caller decides who may have it. */
export async function sendFile(
  file: StoredFile,
  files: FileStore,
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method === 'HEAD') response.writeHead(200, headers(file)).end();
  else await send(file, files, response);
}

function headers(file: StoredFile) {
  const shown = file.kind === 'thumbnail' ? 'inline' : 'attachment';
  return {
    'Content-Type': safeType(file.type),
    'Content-Length': file.size,
    'Content-Disposition': disposition(shown, downloadName(file.name, file.type)),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    // A file never changes under its id. Only its owner's browser may cache it.
    'Cache-Control': 'private, max-age=31536000, immutable',
  };
}

/** Opens the file first: where that fails, the answer can still say so. A client that leaves is no failure of ours. */
async function send(file: StoredFile, files: FileStore, response: ServerResponse): Promise<void> {
  const bytes = await files.open(file.id);
  try {
    response.writeHead(200, headers(file));
    await pipeline(bytes, response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
