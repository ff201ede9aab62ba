import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

type Bytes = string | Buffer;

async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // what the other side does to it is what a test looks at
  await once(socket, 'connect');
  return socket;
}

/** A reset is an end as well, which `once` of node:events would throw. */
const closeOf = (socket: Socket) => new Promise<void>(resolve => socket.once('close', () => resolve()));

const bytesOf = (bytes: Bytes): Buffer => (typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);

/** Says raw bytes and gives what comes back until the other side closes, or has been silent for a moment. */
export async function sayRaw(url: string, bytes: Bytes, silenceMs = 150): Promise<string> {
  const socket = await connected(url);
  let heard = '';
  const silent = setTimeout(() => socket.destroy(), silenceMs);
  socket.on('data', chunk => {
    heard += chunk.toString('latin1');
    silent.refresh();
  });
  socket.write(bytesOf(bytes));
  await closeOf(socket);
  clearTimeout(silent);
  return heard;
}

/** Says raw bytes and breaks the connection off: the other side reads of a reset. */
export async function breakOff(url: string, bytes: Bytes): Promise<void> {
  const socket = await connected(url);
  await new Promise<void>(resolve => socket.write(bytesOf(bytes), () => resolve()));
  socket.resetAndDestroy();
}

/** The first byte of a frame that closes. */
const goodbye = '\x88';

/** A WebSocket whose frames a test makes by hand, and that reads only where it is told to. */
export class RawWebSocket {
  heard = '';

  private constructor(readonly socket: Socket) {
    socket.on('data', bytes => {
      this.heard += bytes.toString('latin1');
    });
  }

  /** @param path where the DDP server answers. */
  static async open(url: string, path = '/websocket'): Promise<RawWebSocket> {
    const socket = await connected(url);
    socket.write(upgradeRequest(path));
    const [head] = (await once(socket, 'data')) as [Buffer];
    if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(`no WebSocket: ${head}`);
    return new RawWebSocket(socket);
  }

  /** Whether the other side has said goodbye, or is gone. */
  get isOver(): boolean {
    return !this.isOpen || this.heard.includes(goodbye);
  }

  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.readyState === 'open';
  }

  /** Resolves when the bytes have left this process, or the connection is closed. */
  async write(bytes: Buffer): Promise<void> {
    if (!this.isOpen) return;
    const written = new Promise<void>(resolve => this.socket.write(bytes, () => resolve()));
    await Promise.race([written, closeOf(this.socket)]);
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await closeOf(this.socket);
  }
}

/** A request for a WebSocket. @param more lines that come instead of the usual ones, or beside them. */
export function upgradeRequest(path: string, more: Record<string, string> = {}): string {
  const usual = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  const lines = Object.entries({ ...usual, ...more }).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

interface FrameOptions {
  opcode?: number;
  fin?: boolean;
  masked?: boolean;
  /** Of RSV1, RSV2 and RSV3, as bits. */
  reserved?: number;
  /** What the head says, where it is not the truth. */
  announced?: number;
}

/** One frame of a WebSocket, from a client. */
export function frame(payload: Bytes, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, masked = true, reserved = 0, announced } = options;
  const body = bytesOf(typeof payload === 'string' ? Buffer.from(payload) : payload);
  const length = announced ?? body.length;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const mark = masked ? 0x80 : 0;
  if (length < 126) head.push(mark | length);
  else if (length < 65_536) head.push(mark | 126, length >> 8, length & 0xff);
  else head.push(mark | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map(shift => (length >>> shift) & 0xff));
  const mask = masked ? Buffer.alloc(4) : Buffer.alloc(0); // zeros leave the payload as it is
  return Buffer.concat([Buffer.from(head), mask, body]);
}
