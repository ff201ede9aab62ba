import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FileStore, StoredFile } from '../database';
import { disposition, downloadName, safeType } from './file-names';

/** Answers with a stored file. The caller decides who may have it. */
export async function sendFile(
  file: StoredFile,
  files: FileStore,
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, headers(file));
  if (method === 'HEAD') response.end();
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
    // A file never changes under its id; only its owner's own browser may keep it.
    'Cache-Control': 'private, max-age=31536000, immutable',
  };
}

/** A reader who goes away in the middle is no failure of ours. */
async function send(file: StoredFile, files: FileStore, response: ServerResponse): Promise<void> {
  try {
    await pipeline(await files.open(file.id), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
