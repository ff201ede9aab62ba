import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import busboy from 'busboy';
import { HttpError } from './answers';

/** How large a file may be, how long its sender may be silent, and how long the whole upload may take. */
export interface ReceiveLimits {
  maxBytes: number;
  idleMs: number;
  totalMs: number;
}

/** The file of a form while it arrives. */
export interface ArrivingFile {
  /** The name that its sender gave; it is not safe (see `safeName`). */
  readonly name: string | undefined;
  /** Its first bytes; fewer where it ends before. They are part of `bytes` as well. */
  peek(length: number): Promise<Buffer>;
  /** Fails at the end where the limit has cut the file. */
  readonly bytes: Readable;
}

interface ReceiveOptions extends ReceiveLimits {
  /** The word for the file in messages to its sender, such as `photo`. */
  noun: string;
}

/** The form around the file: boundaries, headers, a name. */
const formBytes = 64 * 1024;

/**
 * Passes the one file of a multipart form to `keep`, as it arrives.
 *
 * @throws HttpError if the file is too large, too slow, cut off or in no form. The stream that `keep` reads fails then,
 *   so that it stores nothing.
 */
export async function receiveFile<T>(
  request: IncomingMessage,
  options: ReceiveOptions,
  keep: (file: ArrivingFile) => Promise<T>,
): Promise<T> {
  if (Number(request.headers['content-length']) > options.maxBytes + formBytes) throw tooLarge(options);
  const form = openForm(request, options);
  const kept = keepFirstFile(form, options, keep);
  const stopWatching = watch(request, options, error => form.destroy(error));
  try {
    request.pipe(form);
    return await kept;
  } finally {
    stopWatching();
    request.unpipe(form);
  }
}

function openForm({ headers }: IncomingMessage, { maxBytes, noun }: ReceiveOptions): busboy.Busboy {
  try {
    // For busboy, a file that just reaches its limit is already cut.
    const limits = { files: 1, fileSize: maxBytes + 1, fields: 4, fieldSize: 1024, parts: 6 };
    return busboy({ headers, limits, defParamCharset: 'utf8' });
  } catch {
    throw new HttpError(415, 'no-form', `Send the ${noun} as a multipart form with one file.`);
  }
}

/** Settles when no write is left. An error of the form comes before the error that it caused in the store. */
function keepFirstFile<T>(
  form: busboy.Busboy,
  options: ReceiveOptions,
  keep: (file: ArrivingFile) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let formError: Error | undefined;
    let keeping: Promise<T> | undefined;
    form.on('file', (_field, stream, { filename }) => {
      // The reader of the stream gets its errors too. Between two readers there is none, and an error would end the
      // process.
      stream.on('error', () => {});
      keeping = keep(arriving(stream, filename, options));
      keeping.then(resolve, error => reject(formError ?? error));
    });
    form.on('error', error => {
      formError = error instanceof HttpError ? error : cutOff();
      if (!keeping) reject(formError);
    });
    form.on('close', () => {
      if (!keeping) reject(formError ?? new HttpError(400, 'no-file', 'The form holds no file.'));
    });
  });
}

type FormFile = Readable & { truncated?: boolean };

function arriving(stream: FormFile, name: string | undefined, options: ReceiveOptions): ArrivingFile {
  return {
    name,
    peek: length => peek(stream, length),
    get bytes() {
      return Readable.from(whole(stream, options));
    },
  };
}

/** Passes the bytes on, and fails at the end where the form's limit has cut them. */
async function* whole(stream: FormFile, options: ReceiveOptions): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk;
  if (stream.truncated) throw tooLarge(options);
}

/** The first bytes, left in the stream; fewer where it ends before. */
async function peek(stream: Readable, length: number): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < length && !stream.destroyed && !stream.readableEnded) {
    // Reads only what is there. When asked for more, a stream emits `readable` again and again, and no other code in
    // this process gets a turn: a client that stopped after four bytes stopped the role.
    const chunk: Buffer | null = stream.read();
    if (chunk) start = Buffer.concat([start, chunk]);
    else await news(stream);
  }
  if (stream.errored) throw stream.errored;
  if (start.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(start);
  return start;
}

/** Resolves when there is something to read, or the stream has ended. @throws the stream's error. */
async function news(stream: Readable): Promise<void> {
  const heard = new AbortController();
  const { signal } = heard;
  try {
    await Promise.race(['readable', 'end', 'close'].map(event => once(stream, event, { signal })));
  } finally {
    heard.abort();
  }
}

/** Calls `fail` when the client is silent too long, takes too long in all, sends too much, or leaves. */
function watch(request: IncomingMessage, options: ReceiveOptions, fail: (error: Error) => void): () => void {
  const tooSlow = () => fail(new HttpError(408, 'too-slow', 'The upload took too long. Try again on a better line.'));
  const total = setTimeout(tooSlow, options.totalMs);
  const idle = setTimeout(tooSlow, options.idleMs);
  let received = 0;
  const onData = (chunk: Buffer) => {
    idle.refresh();
    received += chunk.length;
    // Bytes after a cut file, or of a form without a file.
    if (received > options.maxBytes + formBytes) fail(tooLarge(options));
  };
  const onClose = () => request.complete || fail(cutOff());
  request.on('data', onData).on('close', onClose);
  return () => {
    clearTimeout(total);
    clearTimeout(idle);
    request.off('data', onData).off('close', onClose);
  };
}

function tooLarge({ maxBytes, noun }: ReceiveOptions): HttpError {
  return new HttpError(413, 'too-large', `The ${noun} is larger than ${maxBytes / 1024 / 1024} MB.`);
}

function cutOff(): HttpError {
  return new HttpError(400, 'cut-off', 'The upload ended before the file did. Try again.');
}

/** Limits the uploads of each owner at once. */
export class ConcurrencyLimit {
  private readonly inside = new Map<string, number>();
  constructor(private readonly max: number) {}

  /** @throws HttpError 429 if the owner has that many in progress. */
  async pass<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const before = this.inside.get(owner) ?? 0;
    if (before >= this.max) throw new HttpError(429, 'too-many', 'Too many uploads at once. Wait for one to finish.');
    this.inside.set(owner, before + 1);
    try {
      return await work();
    } finally {
      this.leave(owner);
    }
  }

  private leave(owner: string): void {
    const left = (this.inside.get(owner) ?? 1) - 1;
    if (left > 0) this.inside.set(owner, left);
    else this.inside.delete(owner);
  }
}
