import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import busboy from 'busboy';
import type { FileStore } from '../../../infra/database';
import type { FileLink } from '../../tasks/pictures/documents';
import { maxUploadBytes } from '../../tasks/pictures/limits';
import { sniffLength, sniffPicture } from '../../tasks/pictures/picture-type';
import { HttpError } from '../files/http';
import { safeName } from '../files/names';

/** How long a sender may be silent, and how long a whole upload may take, in milliseconds. */
export interface ReceiveLimits {
  idleMs: number;
  totalMs: number;
}

/** The form around the photo: boundaries, headers, a name. */
const formBytes = 64 * 1024;
const largestForm = maxUploadBytes + formBytes;

/**
 * Takes the one photo of a multipart form straight into the file store, as it arrives.
 *
 * @throws HttpError where it is too large, too slow, cut off, no form, or no JPEG or PNG by its first bytes; nothing of
 *   it stays stored then.
 */
export async function receivePhoto(
  request: IncomingMessage,
  owner: string,
  files: FileStore,
  limits: ReceiveLimits,
): Promise<FileLink> {
  if (Number(request.headers['content-length']) > largestForm) throw tooLarge();
  const form = openForm(request);
  const stored = storeFirstFile(form, owner, files);
  const stopWatching = watch(request, limits, error => form.destroy(error));
  try {
    request.pipe(form);
    return await stored;
  } finally {
    stopWatching();
    request.unpipe(form);
  }
}

function openForm({ headers }: IncomingMessage): busboy.Busboy {
  try {
    // A file that just reaches busboy's limit counts as cut already.
    const limits = { files: 1, fileSize: maxUploadBytes + 1, fields: 4, fieldSize: 1024, parts: 6 };
    return busboy({ headers, limits, defParamCharset: 'utf8' });
  } catch {
    throw new HttpError(415, 'no-form', 'Send the photo as a multipart form with one file.');
  }
}

/** Settles when nothing is being written any more. What is wrong with the form comes before what that did to the store. */
function storeFirstFile(form: busboy.Busboy, owner: string, files: FileStore): Promise<FileLink> {
  return new Promise((resolve, reject) => {
    let formError: Error | undefined;
    let storing: Promise<FileLink> | undefined;
    form.on('file', (_field, stream, { filename }) => {
      // Who reads the stream hears of its errors too; between two readers nobody would, and the process would end.
      stream.on('error', () => {});
      storing = store(stream, filename, owner, files);
      storing.then(resolve, error => reject(formError ?? error));
    });
    form.on('error', error => {
      formError = error instanceof HttpError ? error : cutOff();
      if (!storing) reject(formError);
    });
    form.on('close', () => {
      if (!storing) reject(formError ?? new HttpError(400, 'no-file', 'The form holds no file.'));
    });
  });
}

type FormFile = Readable & { truncated?: boolean };

async function store(
  stream: FormFile,
  filename: string | undefined,
  owner: string,
  files: FileStore,
): Promise<FileLink> {
  const type = sniffPicture(await peek(stream, sniffLength));
  if (!type) throw new HttpError(415, 'not-a-picture', `${safeName(filename, 'This')} is neither a JPEG nor a PNG.`);
  const name = safeName(filename, type === 'image/png' ? 'photo.png' : 'photo.jpg');
  const file = await files.put(Readable.from(whole(stream)), { name, type, owner, kind: 'photo' });
  return { id: file.id, name, size: file.size };
}

/** Passes the bytes on, and fails at the end where the form's limit has cut them. */
async function* whole(stream: FormFile): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk;
  if (stream.truncated) throw tooLarge();
}

/** The first bytes, left in the stream; fewer where it ends before. */
async function peek(stream: Readable, length: number): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < length && !stream.destroyed && !stream.readableEnded) {
    // All that is there. Asked for more than that, a stream says again and again that it is readable, and nothing else
    // in this process gets its turn: a sender that stopped after four bytes stopped the role.
    const chunk: Buffer | null = stream.read();
    if (chunk) start = Buffer.concat([start, chunk]);
    else await news(stream);
  }
  if (stream.errored) throw stream.errored;
  if (start.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(start);
  return start;
}

/** Resolves when there is something to read, or nothing any more. @throws the stream's error. */
async function news(stream: Readable): Promise<void> {
  const heard = new AbortController();
  const { signal } = heard;
  try {
    await Promise.race(['readable', 'end', 'close'].map(event => once(stream, event, { signal })));
  } finally {
    heard.abort();
  }
}

/** Calls `fail` when the sender is silent too long, takes too long in all, sends too much, or goes away. */
function watch(request: IncomingMessage, { idleMs, totalMs }: ReceiveLimits, fail: (error: Error) => void): () => void {
  const tooSlow = () => fail(new HttpError(408, 'too-slow', 'The upload took too long. Try again on a better line.'));
  const total = setTimeout(tooSlow, totalMs);
  const idle = setTimeout(tooSlow, idleMs);
  let received = 0;
  const onData = (chunk: Buffer) => {
    idle.refresh();
    received += chunk.length;
    if (received > largestForm) fail(tooLarge()); // what follows a cut file, or fills a form without one
  };
  const onClose = () => request.complete || fail(cutOff());
  request.on('data', onData).on('close', onClose);
  return () => {
    clearTimeout(total);
    clearTimeout(idle);
    request.off('data', onData).off('close', onClose);
  };
}

function tooLarge(): HttpError {
  return new HttpError(413, 'too-large', `The photo is larger than ${maxUploadBytes / 1024 / 1024} MB.`);
}

function cutOff(): HttpError {
  return new HttpError(400, 'cut-off', 'The upload ended before the file did. Try again.');
}
