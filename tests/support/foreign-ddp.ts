import { createHash, randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';

type Message = Record<string, unknown> & { msg?: string; id?: string };

/** Who somebody is to the app. */
interface Identity {
  /** The method by which another connection becomes the same person, and its argument. */
  entry: readonly [method: string, argument: unknown];
  /** For what is no DDP. */
  cookie: string;
}

type Answer = { resolve(value: unknown): void; reject(error: unknown): void };

/** A DDP client of no framework, that says exactly what a test tells it to: the stranger at the door. */
export class ForeignClient {
  /** Everything that came, newest last. */
  readonly heard: Message[] = [];
  /** Documents by collection and id. */
  readonly documents = new Map<string, Map<string, Record<string, unknown>>>();
  /** Resolves when the other side (or this one) has closed the connection. */
  readonly closed: Promise<void>;
  private readonly answers = new Map<string, Answer>();
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    this.closed = new Promise(resolve => socket.once('close', () => resolve()));
    this.closed.then(() => {
      for (const { reject } of this.answers.values()) reject(new Error('the connection was closed'));
    });
    socket.on('message', data => this.hear(JSON.parse(String(data))));
  }

  /** @param url of a role; its DDP is at /websocket. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<ForeignClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/websocket`, { headers });
    const client = new ForeignClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    client.send({ msg: 'connect', version: '1', support: ['1'] });
    await client.until(({ msg }) => msg === 'connected');
    return client;
  }

  /** One that has entered as somebody new. */
  static async visitor(url: string): Promise<{ client: ForeignClient } & Identity> {
    const client = await ForeignClient.open(url);
    return { client, ...(await client.enter()) };
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: Message | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** @throws the error object that the server answered with. */
  call<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return this.ask({ msg: 'method', method, params }) as Promise<T>;
  }

  /** Resolves when it is ready. @throws the error of its nosub. */
  subscribe(name: string, ...params: unknown[]): Promise<unknown> {
    return this.ask({ msg: 'sub', name, params });
  }

  /** Becomes the owner of nothing yet: a visitor by a token or, where the app has accounts, a new user. */
  async enter(): Promise<Identity> {
    const token = randomBytes(32).toString('hex');
    const entry = ['visitors.enter', token] as const;
    const isVisitor = await this.call(...entry).then(
      () => true,
      error => {
        if (error.error !== 404) throw error;
        return false;
      },
    );
    return isVisitor ? { entry, cookie: `visitor=${token}` } : this.signUp(`${token}@example.com`, token);
  }

  private async signUp(email: string, password: string): Promise<Identity> {
    const digest = createHash('sha256').update(password).digest('hex');
    const user = { email, password: { digest, algorithm: 'sha-256' } };
    const { token } = await this.call<{ token: string }>('createUser', user);
    return { entry: ['login', { resume: token }], cookie: `login=${token}` };
  }

  /** What a collection holds, with the ids. */
  list(collection: string): Record<string, unknown>[] {
    return [...(this.documents.get(collection) ?? [])].map(([_id, fields]) => ({ _id, ...fields }));
  }

  close(): void {
    this.socket.terminate();
  }

  private ask(message: Message): Promise<unknown> {
    const id = String(++this.lastId);
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve, reject });
      this.send({ ...message, id });
    });
  }

  private async until(matches: (message: Message) => boolean): Promise<void> {
    while (!this.heard.some(matches)) {
      await new Promise<void>((resolve, reject) => {
        this.socket.once('message', () => resolve());
        this.socket.once('close', () => reject(new Error('the connection was closed')));
      });
    }
  }

  private hear(message: Message): void {
    this.heard.push(message);
    if (message.msg === 'ping') this.send({ msg: 'pong', id: message.id });
    if (message.msg === 'result' || message.msg === 'nosub') this.settle(message.id, message);
    if (message.msg === 'ready') for (const id of message.subs as string[]) this.settle(id, {});
    if (message.msg === 'added' || message.msg === 'changed' || message.msg === 'removed') this.keep(message);
  }

  private settle(id: string | undefined, { error, result }: Message): void {
    const answer = this.answers.get(id ?? '');
    this.answers.delete(id ?? '');
    if (error) answer?.reject(error);
    else answer?.resolve(result);
  }

  private keep({ msg, collection, id, fields, cleared = [] }: Message): void {
    const documents = this.documents.get(String(collection)) ?? new Map();
    this.documents.set(String(collection), documents);
    if (msg === 'removed') documents.delete(id);
    else {
      const gone = Object.fromEntries((cleared as string[]).map(name => [name, undefined]));
      documents.set(id, { ...documents.get(id), ...(fields as object), ...gone });
    }
  }
}
