import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { isDevelopment } from './development';
import { type ClientFile, clientFile } from './page';

const compress = promisify(gzip);
/** By the file's path. */
const compressed = new Map<string, { hash: string; bytes: Promise<Buffer> }>();

/**
 * Sends the page's script or stylesheet as gzip where the client takes that. In development nothing is compressed: there
 * is no network to spare, and each build would be compressed anew.
 */
export const sendCompressed: RequestHandler = (request, response, next) => {
  if (isDevelopment || !request.acceptsEncodings('gzip')) return next();
  send(request, response, next).catch(next);
};

async function send(request: Request, response: Response, next: () => void): Promise<void> {
  const file = await clientFile(request.path.slice(1));
  if (!file) return next();
  const bytes = await gzipOf(request.path, file);
  const lasting = 'hash' in request.query;
  response
    .type(request.path.endsWith('.js') ? 'js' : 'css')
    .set('Content-Encoding', 'gzip')
    .vary('Accept-Encoding')
    .set('Cache-Control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
    .send(bytes);
}

/** Each version once, however many ask for it at the same time. */
function gzipOf(path: string, { text, hash }: ClientFile): Promise<Buffer> {
  const known = compressed.get(path);
  if (known?.hash === hash) return known.bytes;
  const bytes = compress(text);
  compressed.set(path, { hash, bytes });
  return bytes;
}
