import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { UploadRoute } from '../app';

export interface RequestLimits {
  bodyBytes: number;
  uploadBytes: number;
  /** How long a request may take to arrive. */
  requestMs: number;
}

/** The bytes around a file in an upload: the other parts of the form, and the boundaries. */
const formBytes = 65_536;

/** The largest file that the app takes at this path; undefined if it takes none. */
function uploadLimit({ url = '' }: IncomingMessage, uploads: readonly UploadRoute[], standard: number) {
  const path = url.split('?')[0] as string;
  const route = uploads.find(one => path === one.path || path.startsWith(`${one.path}/`));
  return route && (route.maxBytes ?? standard);
}

/**
 * Refuses too large bodies before any code reads them, and cuts off requests that don't arrive in time. Only an upload
 * takes a body of unknown length: it counts the bytes that it reads.
 */
export function limitBodies(
  { bodyBytes, uploadBytes, requestMs }: RequestLimits,
  uploads: readonly UploadRoute[] = [],
) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const upload = uploadLimit(request, uploads, uploadBytes);
    const limit = upload === undefined ? bodyBytes : upload + formBytes;
    const length = Number(request.headers['content-length'] ?? 0);
    const unknown = request.headers['transfer-encoding'] !== undefined;
    if (length > limit) {
      refuse(request, response, 413, 'too-large', `The body has ${length} bytes; ${limit} are allowed.`);
    } else if (unknown && upload === undefined) {
      refuse(request, response, 411, 'length-required', 'The request must give the length of its body.');
    } else {
      if (length > 0 || unknown) cutOffLate(request, requestMs);
      next();
    }
  };
}

/**
 * How long a refused client may go on sending: if it is cut off at once, it sees a broken pipe instead of the answer.
 */
const drainMs = 10_000;

/** Answers as the app's routes do: `error` for programs, `reason` for people. Discards the rest of the request. */
function refuse(request: IncomingMessage, response: ServerResponse, code: number, error: string, reason: string): void {
  response.writeHead(code, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify({ error, reason }));
  request.resume();
  cutOffLate(request, drainMs);
}

function cutOffLate(request: IncomingMessage, ms: number): void {
  const timer = setTimeout(() => request.destroy(), ms);
  for (const ended of ['end', 'close']) request.once(ended, () => clearTimeout(timer));
}

/** Closes connections on which no complete request head comes in time (Node itself checks only every 30 s). */
export function limitSilence(server: Server, ms: number): void {
  const silent = new Map<Socket, NodeJS.Timeout>();
  const spoke = ({ socket }: IncomingMessage): void => {
    clearTimeout(silent.get(socket));
    silent.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    silent.set(
      socket,
      setTimeout(() => socket.destroy(), ms),
    );
    socket.once('close', () => spoke({ socket } as IncomingMessage));
  });
  server.prependListener('request', spoke);
  server.prependListener('upgrade', request => {
    spoke(request);
    closeUnanswered(request.socket, ms);
  });
}

/**
 * Node leaves an upgrade to the handler of its path, and no longer listens itself. Without such a handler, the socket
 * would stay open for ever, and a client that aborts it would end the process.
 */
function closeUnanswered(socket: Socket, ms: number): void {
  socket.on('error', () => {});
  const before = socket.bytesWritten;
  const timer = setTimeout(() => socket.bytesWritten === before && socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}

/**
 * From browsers without WebSockets Meteor takes messages of any size by POST, before any handler of the app. This cuts
 * off requests that are larger than one message may be.
 */
export function limitPostedMessages(server: Server, messageBytes: number): void {
  server.prependListener('request', (request: IncomingMessage) => {
    if (request.method !== 'POST' || !request.url?.includes('/sockjs/')) return;
    const maxBytes = messageBytes + formBytes;
    let received = 0;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) request.socket.destroy();
    request.on('data', (bytes: Buffer) => {
      received += bytes.length;
      if (received > maxBytes) request.socket.destroy();
    });
  });
}
