import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FileStore, StoredFile } from '../../../infra/database';
import { ownerOfCookies } from '../visitors/token';
import { answering, HttpError } from './http';
import { disposition, downloadName, safeType } from './names';

type DownloadRequest = IncomingMessage & { params: { id?: string } };

/** `GET /files/:id`: a file, to its owner only. Somebody else's looks as if it were not there. */
export function downloadRoute(files: FileStore) {
  return answering(async (request: DownloadRequest, response: ServerResponse) => {
    const file = await ownFile(request, files);
    response.writeHead(200, headers(file));
    if (request.method === 'HEAD') response.end();
    else await send(file, files, response);
  });
}

async function ownFile({ headers: { cookie }, params }: DownloadRequest, files: FileStore): Promise<StoredFile> {
  const owner = ownerOfCookies(cookie);
  const file = owner && params.id ? await files.info(params.id) : undefined;
  if (!file || file.owner !== owner) throw new HttpError(404, 'not-found', 'There is no such file of yours.');
  return file;
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
