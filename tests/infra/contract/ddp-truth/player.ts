import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';

/** One message, parsed. */
export interface Message {
  msg?: string;
  id?: string;
  [field: string]: unknown;
}

interface Step {
  /** Which client speaks; `a` where nothing is said. */
  client?: string;
  send?: (Message | string)[];
  /** What must have arrived before the next step. */
  until?: Message[];
  closed?: boolean;
  /** How long (ms) to listen on after that. */
  settle?: number;
}

export interface Scenario {
  name: string;
  steps: Step[];
  received: unknown[];
}

interface Client {
  socket: WebSocket;
  inbox: Message[];
  closed: boolean;
}

const stepTimeoutMs = 4_000;
const settleMs = 120;
/** How much longer than where it was recorded the last messages of a step may take: machines are busy now and then. */
const graceMs = 3_000;

/** Plays a conversation and returns what came back, in the form in which recordings are kept. */
export async function play(url: string, scenario: Scenario): Promise<unknown[]> {
  const clients = new Map<string, Client>();
  const normalize = normalizer();
  const received: unknown[] = [];
  for (const step of scenario.steps) {
    const name = step.client ?? 'a';
    const client = clients.get(name) ?? (await open(url));
    clients.set(name, client);
    for (const message of step.send ?? [])
      client.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    await heard(client, step);
    await sleep(step.settle ?? settleMs);
    const answers = () => plain(answersOf(clients, client, normalize));
    const recorded = scenario.received.slice(received.length);
    await isAsRecorded(answers, recorded);
    received.push(...answers());
    for (const { inbox } of clients.values()) inbox.length = 0;
  }
  for (const { socket } of clients.values()) socket.terminate();
  return received;
}

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** Waits for what was recorded. What does not come is part of the comparison, not an error of its own. */
async function isAsRecorded(answers: () => unknown[], recorded: unknown[]): Promise<void> {
  const isSame = (now: unknown[]) => isDeepStrictEqual(now, recorded.slice(0, now.length));
  for (const deadline = Date.now() + graceMs; !isSame(answers()) && Date.now() < deadline; ) await sleep(20);
}

async function open(url: string): Promise<Client> {
  const client: Client = { socket: new WebSocket(url), inbox: [], closed: false };
  client.socket.on('message', data => client.inbox.push(JSON.parse(data.toString())));
  client.socket.on('close', () => {
    client.closed = true;
  });
  await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
  return client;
}

async function heard(client: Client, { until = [], closed }: Step): Promise<void> {
  const isDone = () =>
    until.every(wanted => client.inbox.some(message => matches(message, wanted))) && (!closed || client.closed);
  // Not `eventually`: what has not come in time is part of the comparison, not an error of its own.
  for (const deadline = Date.now() + stepTimeoutMs; !isDone() && Date.now() < deadline; ) await sleep(5);
}

const matches = (message: Message, pattern: Message): boolean =>
  Object.entries(pattern).every(([field, value]) => isDeepStrictEqual(message[field], value));

/** What each client has heard since the last step, in the form in which recordings are kept. */
function answersOf(clients: Map<string, Client>, speaker: Client, normalize: (message: Message) => Message): unknown[] {
  const heardBy = [...clients].sort().filter(([, client]) => client.inbox.length > 0 || client === speaker);
  return heardBy.map(([name, client]) => ({
    client: name,
    ...canonical(client.inbox.map(normalize)),
    ...(client.closed ? { closed: true } : {}),
  }));
}

/** Ids that a server makes up are told apart by their order of appearance only; how long to wait, not at all. */
function normalizer(): (message: Message) => Message {
  const seen = new Map<unknown, string>();
  const nameOf = (kind: string, value: unknown): string => {
    if (!seen.has(value)) seen.set(value, `<${kind} ${seen.size + 1}>`);
    return seen.get(value)!;
  };
  return message => {
    const copy = structuredClone(message);
    if (copy.session) copy.session = nameOf('session', copy.session);
    if (copy.msg === 'ping' && copy.id) copy.id = nameOf('ping', copy.id);
    const error = copy.error as { details?: { timeToReset?: unknown }; message?: string; reason?: string } | undefined;
    if (error?.details?.timeToReset) error.details.timeToReset = '<ms>';
    for (const field of ['message', 'reason'] as const)
      if (typeof error?.[field] === 'string') error[field] = error[field].replace(/\d+ seconds/, '<n> seconds');
    return copy;
  };
}

/**
 * What a client may rely on: documents come before the `ready` or `updated` that announces them, results in the order of
 * the methods. Not where a result stands among the rest, nor the order inside a burst, nor how a burst is cut up.
 */
function canonical(messages: Message[]): { stream: Message[]; results: Message[] } {
  const results = messages.filter(({ msg }) => msg === 'result');
  const bursts: { kind: string; messages: Message[] }[] = [];
  for (const message of messages.filter(({ msg }) => msg !== 'result').flatMap(takeApart)) {
    const kind = kindOf(message);
    if (!kind || bursts.at(-1)?.kind !== kind) bursts.push({ kind, messages: [] });
    addTo(bursts.at(-1)!.messages, message);
  }
  return { stream: bursts.flatMap(burst => burst.messages.sort(byKey)), results };
}

/** One message for each method or subscription that it announces. */
function takeApart(message: Message): Message[] {
  const { msg, methods, subs, cleared } = message as Message & Record<'methods' | 'subs' | 'cleared', string[]>;
  if (msg === 'updated') return methods.map(id => ({ ...message, methods: [id] }));
  if (msg === 'ready') return subs.map(id => ({ ...message, subs: [id] }));
  return [cleared ? { ...message, cleared: [...cleared].sort() } : message];
}

function kindOf({ msg = '' }: Message): string {
  if (['added', 'changed', 'removed'].includes(msg)) return 'data';
  return ['updated', 'ready'].includes(msg) ? 'announcement' : '';
}

/** Changes of one document in one burst are one change. */
function addTo(burst: Message[], message: Message): void {
  const same = burst.find(known => message.msg === 'changed' && keyOf(known) === keyOf(message));
  if (!same) {
    burst.push({ ...message });
    return;
  }
  if (message.fields) same.fields = { ...(same.fields as object), ...(message.fields as object) };
  if (message.cleared) same.cleared = [...((same.cleared as []) ?? []), ...(message.cleared as [])].sort();
}

const keyOf = (m: Message): string => `${m.msg} ${m.collection} ${m.id} ${m.methods} ${m.subs}`;
const byKey = (a: Message, b: Message): number => (keyOf(a) < keyOf(b) ? -1 : 1);
