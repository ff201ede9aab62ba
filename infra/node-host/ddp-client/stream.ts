import { Tracker } from '../tracker/tracker';
import { type Platform, type Socket, socketUrl } from './socket';

export interface ConnectionStatus {
  status: 'connecting' | 'connected' | 'waiting' | 'offline' | 'failed';
  connected: boolean;
  /** Failed tries since the last connection. */
  retryCount: number;
  /** When the next try begins, in milliseconds since 1970; only while waiting. */
  retryTime?: number;
  /** The reason of a permanent failure. */
  reason?: string;
}

export interface StreamOptions {
  /** false: a lost connection stays lost. */
  retry: boolean;
  connectTimeoutMs: number;
  headers?: Record<string, string>;
  _dontPrintErrors?: boolean;
}

export interface StreamEvents {
  /** A new socket is open. */
  reset(): void;
  message(text: string): void;
  disconnect(): void;
}

/** A socket that reconnects by itself, with Meteor's back-off, and a reactive status. */
export class Stream {
  private socket: Socket | undefined;
  private current: ConnectionStatus = { status: 'connecting', connected: false, retryCount: 0 };
  private readonly changed = new Tracker.Dependency();
  private retryTimer: NodeJS.Timeout | undefined;
  private connectTimer: NodeJS.Timeout | undefined;
  private endedForGood = false;
  private readonly listeners: ((text: string) => void)[] = [];

  constructor(
    private url: string,
    private readonly platform: Platform,
    private readonly options: StreamOptions,
    private readonly events: StreamEvents,
  ) {}

  /** Opens the first socket. @throws when the url is invalid. */
  start(): void {
    this.url = socketUrl(this.url, this.platform.siteRoot());
    this.platform.onOnline?.(() => this.online());
    this.launch();
  }

  status(): ConnectionStatus {
    this.changed.depend();
    return { ...this.current };
  }

  /** Sends while connected, and otherwise drops the message: important ones are sent again after a reset. */
  send(text: string): void {
    if (this.current.connected) this.socket!.send(text);
  }

  /** Calls back with each message, before it is handled; as in Meteor, for good. */
  on(_event: 'message', listener: (text: string) => void): void {
    this.listeners.push(listener);
  }

  /** Tries again at once if there is no connection; with `_force` or another `url` in any case. */
  reconnect({ url, _force }: { url?: string; _force?: boolean } = {}): void {
    if (this.endedForGood) return;
    if (url) this.url = socketUrl(url, this.platform.siteRoot());
    if (this.current.connected) {
      if (url || _force) this.lost({ retryAnyway: true });
      return;
    }
    this.cleanUp();
    clearTimeout(this.retryTimer);
    // An explicit reconnect does not count as one more failure.
    this.tryNow(this.current.retryCount);
  }

  /** Closes until `reconnect`; with `_permanent` for good. */
  disconnect({ _permanent, _error }: { _permanent?: boolean; _error?: string } = {}): void {
    if (this.endedForGood) return;
    this.endedForGood = Boolean(_permanent);
    this.cleanUp();
    clearTimeout(this.retryTimer);
    const reason = _permanent && _error ? { reason: _error } : {};
    this.set({ status: _permanent ? 'failed' : 'offline', connected: false, retryCount: 0, ...reason });
  }

  /** The network is back: don't wait for the timer. */
  private online(): void {
    if (this.current.status !== 'offline') this.reconnect();
  }

  /** The connection is lost: a heartbeat had no answer, or the socket has closed. */
  lost({ retryAnyway = false, error }: { retryAnyway?: boolean; error?: string } = {}): void {
    if (error && this.platform.side === 'server' && !this.options._dontPrintErrors)
      console.error('stream error', error);
    this.cleanUp();
    const { retryCount } = this.current;
    if (!this.options.retry && !retryAnyway) {
      this.set({ status: 'failed', connected: false, retryCount });
      return;
    }
    const wait = retryWait(retryCount);
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.tryNow(retryCount + 1), wait);
    this.set({ status: 'waiting', connected: false, retryCount, retryTime: Date.now() + wait });
  }

  private tryNow(retryCount: number): void {
    if (this.endedForGood) return;
    this.set({ status: 'connecting', connected: false, retryCount });
    this.launch();
  }

  private launch(): void {
    const socket = this.platform.openSocket(this.url, this.options.headers);
    let error: string | undefined;
    this.socket = socket;
    this.connectTimer = setTimeout(
      () => this.lost({ error: 'Network error: DDP connection timed out' }),
      this.options.connectTimeoutMs,
    );
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) => this.received(String(data));
    // Always followed by a close.
    socket.onerror = event => {
      error = `Network error: ${event.message ?? this.url}`;
    };
    socket.onclose = () => this.lost({ error });
  }

  private received(text: string): void {
    for (const listener of this.listeners) listener(text);
    this.events.message(text);
  }

  private opened(): void {
    clearTimeout(this.connectTimer);
    this.set({ status: 'connected', connected: true, retryCount: 0 });
    this.events.reset();
  }

  private cleanUp(): void {
    clearTimeout(this.connectTimer);
    const socket = this.socket;
    if (!socket) return;
    this.socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A socket that is still connecting reports an error when it is closed: this drops it.
    socket.onerror = () => {};
    socket.close();
    this.current.connected = false;
    this.events.disconnect();
  }

  private set(status: ConnectionStatus): void {
    this.current = status;
    this.changed.changed();
  }
}

const firstWaitsMs = 10;
const quickTries = 2;
const baseMs = 1000;
const growth = 2.2;
const longestMs = 5 * 60_000;
/** A wait varies by up to half of this share, so that many clients don't reconnect at the same moment. */
const fuzz = 0.5;

/** Milliseconds before try number `count` (0 for the first after a loss): Meteor's back-off, 10 ms twice, then 1 s … 5 min. */
export function retryWait(count: number, random = Math.random): number {
  if (count < quickTries) return firstWaitsMs;
  const wait = Math.min(longestMs, baseMs * growth ** count);
  return wait * (random() * fuzz + (1 - fuzz / 2));
}
