import { isDeepStrictEqual } from 'node:util';
import { type ClientOptions, WebSocket } from 'ws';
import { eventually } from '../../../support/eventually';
import type { Message } from './scenario';

/** A client that says exactly what a test has it say, and holds all that comes back. */
export class Talk {
  readonly heardAll: Message[] = [];
  closed = false;
  closeCode: number | undefined;
  private nextId = 1;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', data => this.heardAll.push(JSON.parse(data.toString())));
    socket.on('close', code => {
      this.closed = true;
      this.closeCode = code;
    });
  }

  /** A socket that has said nothing yet. */
  static async silent(url: string, options?: ClientOptions): Promise<Talk> {
    const socket = new WebSocket(url, options);
    const talk = new Talk(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return talk;
  }

  static async connected(url: string, options?: ClientOptions): Promise<Talk> {
    const talk = await Talk.silent(url, options);
    talk.say({ msg: 'connect', version: '1', support: ['1'] });
    await talk.heard({ msg: 'connected' });
    return talk;
  }

  say(message: Message | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Waits for a message that has these fields, whatever others. */
  heard(pattern: Message): Promise<Message> {
    return eventually(() => this.heardAll.find(message => matches(message, pattern)));
  }

  /** All messages of one kind. */
  all(msg: string): Message[] {
    return this.heardAll.filter(message => message.msg === msg);
  }

  /** Says something and returns the next answer of a kind. */
  async ask(message: Message | string, answer: string): Promise<Message> {
    const before = this.all(answer).length;
    this.say(message);
    return eventually(() => this.all(answer)[before]);
  }

  /** Calls a method: its whole `result` message. */
  async call(method: string, ...params: unknown[]): Promise<Message> {
    const id = this.newId();
    this.say({ msg: 'method', method, params, id });
    return this.heard({ msg: 'result', id });
  }

  /** Subscribes and waits until it is ready, or refused. @returns its id */
  async subscribe(name: string, ...params: unknown[]): Promise<string> {
    const id = this.newId();
    this.say({ msg: 'sub', name, params, id });
    await eventually(() => this.isReady(id) || this.heardAll.some(message => matches(message, { msg: 'nosub', id })));
    return id;
  }

  async unsubscribe(id: string): Promise<void> {
    this.say({ msg: 'unsub', id });
    await this.heard({ msg: 'nosub', id });
  }

  /** What a client would hold of a collection now. @throws where the messages contradict each other */
  documents(collection: string): Record<string, Record<string, unknown>> {
    const held: Record<string, Record<string, unknown>> = {};
    for (const message of this.heardAll.filter(heard => heard.collection === collection)) apply(held, message);
    return held;
  }

  close(): void {
    this.socket.terminate();
  }

  private isReady(id: string): boolean {
    return this.all('ready').some(({ subs }) => (subs as string[]).includes(id));
  }

  private newId(): string {
    return `t${this.nextId++}`;
  }
}

const matches = (message: Message, pattern: Message): boolean =>
  Object.entries(pattern).every(([field, value]) => isDeepStrictEqual(message[field], value));

function apply(held: Record<string, Record<string, unknown>>, { msg, id = '', ...message }: Message): void {
  if ((msg === 'added') === id in held) throw new Error(`${msg} ${id}: ${id in held ? 'it is' : 'nothing is'} there`);
  if (msg === 'removed') {
    delete held[id];
    return;
  }
  const document = { ...held[id], ...(message.fields as object) } as Record<string, unknown>;
  for (const field of (message.cleared as string[] | undefined) ?? []) delete document[field];
  held[id] = document;
}
