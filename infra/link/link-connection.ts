import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { DDP } from 'meteor/ddp';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import type { Emit } from '../monitor/events';
import { ThrottledLog } from '../timing/throttled-log';
import type { TokenBucket } from '../timing/token-bucket';
import { drainingCode, LinkError, type LiveState, wire } from './contract';
import { isProof, makeNonce, prove } from './proof';

export interface LinkConnectionOptions {
  url: string;
  secret: string;
  /** How often it tries again while the other side is away, ms. */
  retryMs: number;
  emit: Emit;
  /** How much the jobs role takes over one connection. */
  maySend: MaySend;
  /** Called at each change of `isUp`. */
  onChange(): void;
}

/** Made anew for each connection. */
export type MaySend = () => { messages: TokenBucket; bytes: TokenBucket };

/** A call is not repeated after a reconnect: the new connection has proved nothing yet. */
const callOptions = { noRetry: true, returnServerResultPromise: true };
const longestLookMs = 500;
/** Two roles that start together need a moment to find each other. */
const awaySaidAfterMs = 10_000;
/** How long to wait after a refusal: the other side may have got the right secret meanwhile. */
const refusedRetryMs = 30_000;
const refusalsSaidEveryMs = 60_000;

/** The web role's connection to one jobs role: proves itself each time it comes up, and knows when it went down. */
export class LinkConnection {
  private readonly connection: DdpConnection;
  private readonly states: Mongo.Collection<LiveState>;
  private readonly refusals: ThrottledLog;
  private up = false;
  private isLeaving = false;
  /** Counts connections: an answer that belongs to an earlier one changes nothing. */
  private generation = 0;
  private triedAt = 0;
  private startedAt = 0;
  private saidAway = false;
  /** After a refusal. */
  private provesAgainAt?: number;
  private timer?: NodeJS.Timeout;
  private subscription?: { stop(): void };
  private loss = new AbortController();

  readonly openedAt = Date.now();
  private readonly left: ReturnType<MaySend>;

  constructor(private readonly options: LinkConnectionOptions) {
    this.left = options.maySend();
    this.connection = openConnection(options.url);
    this.states = replicaOf(this.connection);
    this.refusals = new ThrottledLog(refusalsSaidEveryMs, fields => options.emit('link.refused', fields));
  }

  start(): void {
    this.connection.onReconnect = () => {
      this.setUp(false); // the new connection has proved nothing yet: calls wait for the proof
      if (!this.isLeaving) Meteor.defer(() => void this.prove());
    };
    this.startedAt = Date.now();
    const everyMs = Math.min(this.options.retryMs, longestLookMs);
    this.timer = setInterval(() => this.look(), everyMs);
    this.timer.unref();
    if (this.connection.status().connected) void this.prove();
  }

  stop(): void {
    clearInterval(this.timer);
    this.generation += 1;
    this.connection.onReconnect = null;
    this.setUp(false);
    if (this.connection.close) this.connection.close();
    else this.connection.disconnect();
  }

  get url(): string {
    return this.options.url;
  }

  /** Its role drains: what runs there still comes to its end over this connection, which does not come back. */
  leave(): void {
    this.isLeaving = true;
    this.options.emit('link.down', { url: this.options.url });
  }

  /** True from the proof until the connection is lost. Asks the connection itself: the next check may come later. */
  isUp(): boolean {
    return this.up && this.connection.status().connected;
  }

  /** The state that the other side last published; empty while it is away. */
  async live(): Promise<LiveState[]> {
    return this.isUp() ? this.states.find().fetchAsync() : [];
  }

  /**
   * Waits for its turn: a jobs role cuts a connection on which too much comes at once, and everybody's runs with it.
   *
   * @returns whether the turn of a message with so many bytes comes in time.
   */
  async hasRoom(bytes: number, withinMs: number): Promise<boolean> {
    const waits = [this.left.messages.reserve(1, withinMs), this.left.bytes.reserve(bytes, withinMs)];
    const waitMs = Math.max(...waits.map(ms => ms ?? Number.POSITIVE_INFINITY));
    if (waitMs === Number.POSITIVE_INFINITY) return false;
    if (waitMs > 0) await wait(waitMs);
    return true;
  }

  /** @throws LinkError `down` if the link is lost before the answer comes; else the error of the other side. */
  async call(name: string, ...params: unknown[]): Promise<unknown> {
    const lost = this.loss.signal;
    const down = new LinkError('down', `the link to ${this.options.url} was lost before the answer came`);
    if (lost.aborted) throw down;
    let giveUp = () => {};
    const loss = new Promise<never>((_, reject) => {
      giveUp = () => reject(down);
      lost.addEventListener('abort', giveUp);
    });
    try {
      return await Promise.race([this.connection.applyAsync(name, params, callOptions), loss]);
    } finally {
      lost.removeEventListener('abort', giveUp);
    }
  }

  /** Meteor waits for minutes between tries; this role wants to be back in seconds. */
  private look(): void {
    const { connected, status } = this.connection.status();
    const now = Date.now();
    if (this.isLeaving) return;
    if (!connected) this.isAway(now);
    // It would abandon an attempt in progress for the next one.
    if (!connected && status !== 'connecting' && now - this.triedAt >= this.options.retryMs) {
      this.triedAt = now;
      this.connection.reconnect();
    }
    if (connected && this.provesAgainAt !== undefined && now >= this.provesAgainAt) void this.prove();
  }

  /** Logs the loss of the link, and once if it was never up. */
  private isAway(now: number): void {
    if (this.up) this.setUp(false);
    else if (!this.saidAway && now - this.startedAt > awaySaidAfterMs) {
      this.options.emit('link.away', { url: this.options.url });
      this.saidAway = true;
    }
  }

  private async prove(): Promise<void> {
    this.generation += 1;
    const { generation } = this;
    const { url, secret } = this.options;
    this.provesAgainAt = undefined;
    this.setUp(false);
    try {
      const nonce = String(await this.ask(wire.challenge));
      const question = makeNonce();
      const answer = await this.ask(wire.prove, prove(secret, 'web', nonce), question);
      if (generation !== this.generation) return;
      if (!isProof(answer, secret, 'jobs', question)) throw new Error(`who answers at ${url} does not know the secret`);
      this.setUp(true);
    } catch (error) {
      if (generation === this.generation) this.wasRefused(error);
    }
  }

  private ask(name: string, ...params: unknown[]): Promise<unknown> {
    return this.connection.applyAsync(name, params, callOptions);
  }

  /**
   * A connection that breaks during the proof is no refusal: it reconnects. A role that starts slowly listens before it
   * has its methods: it is asked again soon. In place of one that drains another may answer at the same address, or soon
   * the next one.
   */
  private wasRefused(error: unknown): void {
    const now = Date.now();
    if ((error as { error?: unknown }).error === drainingCode) {
      this.triedAt = now;
      this.connection.disconnect();
      return;
    }
    const isUnknown = (error as { error?: unknown }).error === 404;
    this.provesAgainAt = now + (isUnknown ? this.options.retryMs : refusedRetryMs);
    if (!this.connection.status().connected || (isUnknown && now - this.startedAt < awaySaidAfterMs)) return;
    const { reason, message } = error as { reason?: string; message?: string };
    this.refusals.log({ url: this.options.url, reason: reason ?? message });
  }

  private setUp(up: boolean): void {
    if (up === this.up) return;
    this.up = up;
    this.saidAway = true;
    if (!this.isLeaving) this.options.emit(up ? 'link.up' : 'link.down', { url: this.options.url });
    if (up) this.wentUp();
    else this.wentDown();
    this.options.onChange();
  }

  private wentUp(): void {
    this.loss = new AbortController();
    setMaxListeners(0, this.loss.signal); // one for each call that waits: Node would take more than ten for a leak
    this.subscription = this.connection.subscribe(wire.live, { onStop: () => {} });
  }

  private wentDown(): void {
    this.loss.abort();
    this.subscription?.stop();
    this.subscription = undefined;
  }
}

/** The part of a DDP connection that the link uses; `@types/meteor` lacks some of it. */
interface DdpConnection {
  onReconnect: (() => void) | null;
  applyAsync(name: string, params: unknown[], options: object): Promise<unknown>;
  subscribe(name: string, callbacks: { onStop(error?: unknown): void }): { stop(): void };
  status(): { status: string; connected: boolean };
  reconnect(): void;
  disconnect(): void;
  close?(): void;
}

/** How long an attempt may take: over a slow line longer than the pause between two attempts. */
const connectTimeoutMs = 5_000;

function openConnection(url: string): DdpConnection {
  const connect = DDP.connect as unknown as (url: string, options: object) => DdpConnection;
  // Meteor would print each failed attempt; we log once that the link is down.
  return connect(url, { _dontPrintErrors: true, connectTimeoutMs, ...atBreakpoints() });
}

/** With `npm start -- --inspect` the other end may stand still, and is not away for that. */
const atBreakpoints = () => (process.env.TANDEM_INSPECT ? { heartbeatInterval: 0 } : {});

/** The state that the jobs role at the other end publishes. */
function replicaOf(connection: DdpConnection): Mongo.Collection<LiveState> {
  const options = { connection: connection as never, defineMutationMethods: false };
  return new Mongo.Collection<LiveState>(wire.liveCollection, options as never);
}
