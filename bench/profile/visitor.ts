import { WebSocket } from 'ws';

export const now = () => performance.timeOrigin + performance.now();

/** A call of the steady stream. One without `answered` got none. */
export interface Call {
  sent: number;
  /** The server's clock when it ran. */
  ran?: number;
  answered?: number;
}

type Message = { msg?: string; id?: string; result?: unknown; error?: unknown; fields?: object; subs?: string[] };
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

const againAfterMs = 250;

export interface VisitorOptions {
  url: string;
  /** What it calls when it connects, before it subscribes. */
  enter?: [method: string, ...params: unknown[]];
  publications: readonly string[];
  onDocument?(id: string, fields: object): void;
}

/** A DDP client that looks at a page, as a browser does: when its line breaks, it connects again. */
export class Visitor {
  readonly calls: Call[] = [];
  /** How often its line broke. */
  cutOff = 0;
  private socket?: WebSocket;
  private connected = false;
  private closed = false;
  private lastId = 0;
  private readonly waiting = new Map<string, Waiting>();

  private constructor(private readonly options: VisitorOptions) {}

  static async open(options: VisitorOptions): Promise<Visitor> {
    const visitor = new Visitor(options);
    await visitor.connect();
    return visitor;
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** @throws where there is no line, it breaks, or the method throws. */
  call<T>(method: string, ...params: unknown[]): Promise<T> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    return this.ask({ msg: 'method', method, params }) as Promise<T>;
  }

  /** One call of the steady stream. */
  async look(method: string): Promise<void> {
    const call: Call = { sent: now() };
    this.calls.push(call);
    const result = await this.call<{ at?: unknown } | undefined>(method).catch(() => undefined);
    if (result === undefined) return;
    call.answered = now();
    if (typeof result.at === 'number') call.ran = result.at;
  }

  close(): void {
    this.closed = true;
    this.socket?.terminate();
  }

  private async connect(): Promise<void> {
    const { url, enter, publications } = this.options;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/websocket`);
    this.socket = socket;
    socket.on('error', () => {}); // its close follows
    socket.on('close', () => this.onClose());
    socket.on('message', data => this.onMessage(JSON.parse(String(data))));
    await new Promise((resolve, reject) => {
      this.waiting.set('connect', { resolve, reject });
      socket.on('open', () => this.send({ msg: 'connect', version: '1', support: ['1'] }));
    });
    if (enter) await this.ask({ msg: 'method', method: enter[0], params: enter.slice(1) });
    await Promise.all(publications.map(name => this.ask({ msg: 'sub', name, params: [] })));
    this.connected = true;
  }

  private onClose(): void {
    if (this.connected && !this.closed) this.cutOff += 1;
    this.connected = false;
    for (const { reject } of this.waiting.values()) reject(new Error('the line broke'));
    this.waiting.clear();
    if (!this.closed) setTimeout(() => this.connect().catch(() => {}), againAfterMs);
  }

  private onMessage({ msg, id = '', result, error, fields = {}, subs = [] }: Message): void {
    if (msg === 'ping') this.send({ msg: 'pong', id });
    if (msg === 'connected') this.settle('connect', undefined, undefined);
    if (msg === 'ready') for (const one of subs) this.settle(one, undefined, undefined);
    if (msg === 'result' || msg === 'nosub') this.settle(id, result, error);
    if (msg === 'added' || msg === 'changed') this.options.onDocument?.(id, fields);
  }

  private settle(id: string, result: unknown, error: unknown): void {
    const one = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) one?.reject(new Error(JSON.stringify(error)));
    else one?.resolve(result);
  }

  private ask(message: object): Promise<unknown> {
    this.lastId += 1;
    const id = String(this.lastId);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ ...message, id });
    });
  }

  private send(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }
}
