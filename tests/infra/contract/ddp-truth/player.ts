import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';
import { canonical, type Held, heldAfter, netChange } from './canonical';
import { MadeUpValues } from './made-up-values';
import type { Message, Scenario, Step } from './scenario';

interface Client {
  name: string;
  socket: WebSocket;
  /** What came since the last step. */
  inbox: Message[];
  results: Message[];
  /** Of the loose collections, before this step. */
  held: Held;
  closed: boolean;
  /** Its end has been noted: what comes through after that is a matter of chance. */
  over: boolean;
}

const stepTimeoutMs = 4_000;
const settleMs = 120;
/** How much longer than where it was recorded the last messages of a step may take: machines are busy now and then. */
const graceMs = 3_000;

/** Plays a conversation and returns what came back, in the form in which recordings are kept. */
export async function play(url: string, scenario: Scenario): Promise<unknown[]> {
  const conversation = new Conversation(url, scenario);
  for (const step of scenario.steps) await conversation.take(step);
  conversation.end();
  return conversation.received;
}

class Conversation {
  readonly received: unknown[] = [];
  private readonly clients = new Map<string, Client>();
  private readonly remembered = new Map<string, string>();
  private values: MadeUpValues;

  constructor(
    private readonly url: string,
    private readonly scenario: Scenario,
  ) {
    this.values = MadeUpValues.for(scenario);
  }

  async take(step: Step): Promise<void> {
    if (step.wait) await sleep(step.wait);
    const speaker = await this.client(step.client ?? 'a');
    for (const message of step.send ?? []) speaker.socket.send(this.filled(message));
    await this.heard(speaker, step);
    await sleep(step.settle ?? settleMs);
    await this.isAsRecorded(speaker, step);
    this.remember(step);
    const { answers, values } = this.answers(speaker, step);
    this.received.push(...answers);
    this.values = values;
    for (const client of this.clients.values()) this.turnPage(client);
  }

  end(): void {
    for (const { socket } of this.clients.values()) socket.terminate();
  }

  private async client(name: string): Promise<Client> {
    const client = this.clients.get(name) ?? (await open(name, this.url));
    this.clients.set(name, client);
    return client;
  }

  private filled(message: Message | string): string {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    return text.replace(/<<(\w+)>>/g, (whole, name) => this.remembered.get(name) ?? whole);
  }

  private async heard(speaker: Client, { until = [], closed, closes = [], timeout }: Step): Promise<void> {
    const isDone = () =>
      until.every(wanted => speaker.inbox.some(message => matches(message, wanted))) &&
      (!closed || speaker.closed) &&
      closes.every(name => this.clients.get(name)?.closed);
    // Not `eventually`: what has not come in time is part of the comparison, not an error of its own.
    for (const deadline = Date.now() + (timeout ?? stepTimeoutMs); !isDone() && Date.now() < deadline; ) await sleep(5);
  }

  /** Waits for what was recorded. What does not come is part of the comparison, not an error of its own. */
  private async isAsRecorded(speaker: Client, step: Step): Promise<void> {
    const recorded = this.scenario.received.slice(this.received.length);
    const isSame = () => {
      const now = JSON.parse(JSON.stringify(this.answers(speaker, step).answers));
      return isDeepStrictEqual(now, recorded.slice(0, now.length));
    };
    for (const deadline = Date.now() + graceMs; !isSame() && Date.now() < deadline; ) await sleep(20);
  }

  private remember({ remember = {} }: Step): void {
    const results = [...this.clients.values()].flatMap(client => client.results);
    for (const [name, [method, path]] of Object.entries(remember)) {
      const result = results.find(({ id }) => id === method)?.result;
      this.remembered.set(name, String(at(result, path)));
    }
  }

  /** What each client has heard since the last step, in the form in which recordings are kept. */
  private answers(speaker: Client, step: Step): { answers: unknown[]; values: MadeUpValues } {
    const values = this.values.fork();
    const { accounts } = this.scenario;
    const clients = [...this.clients.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const message of clients.flatMap(({ inbox }) => inbox)) values.learn(message);
    const speaking = clients.filter(
      client => !client.over && (client.inbox.length > 0 || client === speaker || (accounts && client.closed)),
    );
    return { answers: speaking.map(client => this.answerOf(client, step, values)), values };
  }

  private answerOf(client: Client, { exact }: Step, values: MadeUpValues): object {
    const { accounts, loose = [] } = this.scenario;
    if (accounts && client.closed) return { client: client.name, stream: [], results: [], closed: true };
    const messages = client.inbox.map(message => values.normalize(message));
    const isApart = ({ collection }: Message) => !exact && loose.includes(collection as string);
    const net = exact ? {} : netChange(...this.heldBeforeAndAfter(client, values));
    return {
      client: client.name,
      ...canonical(messages.filter(message => !isApart(message))),
      ...(Object.keys(net).length > 0 ? { net } : {}),
      ...(client.closed ? { closed: true } : {}),
    };
  }

  private heldBeforeAndAfter({ held, inbox }: Client, values: MadeUpValues): [Held, Held] {
    const { loose = [] } = this.scenario;
    const messages = inbox.filter(({ collection }) => loose.includes(collection as string));
    return [
      held,
      heldAfter(
        held,
        messages.map(message => values.normalize(message)),
      ),
    ];
  }

  private turnPage(client: Client): void {
    client.held = this.heldBeforeAndAfter(client, this.values)[1];
    client.inbox.length = 0;
    client.over = Boolean(this.scenario.accounts && client.closed);
  }
}

async function open(name: string, url: string): Promise<Client> {
  const client: Client = {
    name,
    socket: new WebSocket(url),
    inbox: [],
    results: [],
    held: {},
    closed: false,
    over: false,
  };
  client.socket.on('message', data => {
    const message = JSON.parse(data.toString()) as Message;
    client.inbox.push(message);
    if (message.msg === 'result') client.results.push(message);
  });
  client.socket.on('close', () => {
    client.closed = true;
  });
  await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
  return client;
}

const matches = (message: Message, pattern: Message): boolean =>
  Object.entries(pattern).every(([field, value]) => isDeepStrictEqual(message[field], value));

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((part, name) => (part as Record<string, unknown> | undefined)?.[name], value);
