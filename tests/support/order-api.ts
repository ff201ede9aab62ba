import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

interface Chunk {
  customer: string;
  lines: string[];
}

/** How long a call takes, so that two of one customer at a time would be seen, in ms. */
const callMs = 20;

/** A shop's API that takes orders, and counts: its calls, and those of one customer at a time. Refuses one customer. */
export class OrderApi {
  /** When each call came, in ms. */
  readonly calls: number[] = [];
  /** How many lines it has taken, each chunk once however often it came: by the key of the chunk. */
  readonly taken = new Map<string, Chunk>();
  /** Customers of whom a call came while another one was there. */
  readonly twoAtOnce: string[] = [];
  private readonly now = new Set<string>();
  /** Calls that wait until they are let go. */
  private readonly held: (() => void)[] = [];
  private holds = false;
  private readonly server = createServer((request, response) => void this.serve(request, response));

  constructor(private readonly refused: string) {}

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Keeps the next call, and all after it, without an answer. */
  hold(): void {
    this.holds = true;
  }

  get heldCalls(): number {
    return this.held.length;
  }

  release(): void {
    this.holds = false;
    for (const goOn of this.held.splice(0)) goOn();
  }

  /** The most calls in any span of so many milliseconds. */
  mostWithin(ms: number): number {
    const inSpan = this.calls.map(from => this.calls.filter(at => at >= from && at < from + ms).length);
    return Math.max(0, ...inSpan);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls.push(performance.now());
    const chunk = (await json(request).catch(() => undefined)) as Chunk | undefined;
    if (!chunk) return; // whoever called is dead
    if (this.now.has(chunk.customer)) this.twoAtOnce.push(chunk.customer);
    this.now.add(chunk.customer);
    response.once('close', () => this.now.delete(chunk.customer));
    await (this.holds ? new Promise<void>(goOn => this.held.push(goOn)) : wait(callMs));
    const isFine = chunk.customer !== this.refused;
    if (isFine) this.taken.set(String(request.headers['idempotency-key']), chunk);
    response.writeHead(isFine ? 201 : 422).end();
  }
}
