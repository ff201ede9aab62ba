import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connection } from '../../../infra/node-host/ddp-client/connection';
import type { ConnectionOptions } from '../../../infra/node-host/ddp-client/connection-options';
import { makeDDP } from '../../../infra/node-host/ddp-client/ddp';
import { MemoryCollection } from '../../../infra/node-host/ddp-client/minimongo/collection';
import { nodePlatform } from '../../../infra/node-host/ddp-client/node-platform';
import { eventually } from '../../support/eventually';

export interface Message {
  msg: string;
  id?: string;
  [field: string]: unknown;
}

/** The other end of the wire: it says what a test has it say, message by message, which a real server can't. */
export class ScriptedServer {
  received: Message[] = [];
  sessions = 0;
  private readonly server = new WebSocketServer({ port: 0 });
  private socket: WebSocket | undefined;

  constructor(private greeting: (server: ScriptedServer) => Message | undefined = server => server.session()) {
    this.server.on('connection', socket => {
      this.socket = socket;
      socket.on('message', data => this.hear(JSON.parse(String(data))));
    });
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  session(): Message {
    this.sessions += 1;
    return { msg: 'connected', session: `s${this.sessions}` };
  }

  say(...messages: object[]): void {
    for (const message of messages) this.socket!.send(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.socket!.send(text);
  }

  all(msg: string): Message[] {
    return this.received.filter(message => message.msg === msg);
  }

  /** Waits for the n-th message of a kind. */
  heard(msg: string, n = 1): Promise<Message> {
    return eventually(() => this.all(msg)[n - 1]);
  }

  drop(): void {
    this.received = [];
    this.socket!.terminate();
  }

  close(): void {
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private hear(message: Message): void {
    this.received.push(message);
    const answer = message.msg === 'connect' && this.greeting(this);
    if (answer) this.say(answer);
  }
}

export const DDP = makeDDP(nodePlatform(() => 'http://localhost:3000'));
const opened: { close(): void }[] = [];

/** Ends with its test, as what `connect` gives. */
export function serve(greeting?: (server: ScriptedServer) => Message | undefined): ScriptedServer {
  const server = new ScriptedServer(greeting);
  opened.push(server);
  return server;
}

export function connect(server: ScriptedServer, options: Partial<ConnectionOptions> = {}): Connection {
  const connection = DDP.connect(server.url, { _dontPrintErrors: true, ...options });
  opened.push(connection);
  return connection;
}

afterEach(() => {
  for (const it of opened.splice(0).reverse()) it.close();
});

export const added = (id: string, fields: object = {}) => ({ msg: 'added', collection: 'things', id, fields });
export const updated = (...methods: (string | undefined)[]) => ({ msg: 'updated', methods });
export const ready = (...subs: (string | undefined)[]) => ({ msg: 'ready', subs });
export const things = (connection: Connection) => new MemoryCollection('things', { connection });
