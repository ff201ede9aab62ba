import { EJSON } from 'meteor/ejson';
import { type AppDataOf, type AppTaskType, normalForm } from '../catalog';
import { messageOf } from '../errors/plain-error';
import type { Emit } from '../monitor/events';
import { withTimeout } from '../timing/with-timeout';
import {
  drainingCode,
  type Jobs,
  LinkError,
  type LinkFailure,
  type LiveState,
  type RunOptions,
  timeoutOf,
  wire,
} from './contract';
import { notLinked } from './jobs';
import { LinkConnection, type MaySend } from './link-connection';

export interface LinkClientOptions {
  /** The jobs roles; one reachable role is enough. */
  urls: readonly string[];
  secret: string;
  /** How long a call waits for the link to come up, ms. */
  waitMs: number;
  retryMs: number;
  /** `limits.messageBytes`: the jobs roles take no longer message. */
  messageBytes: number;
  maySend: MaySend;
  emit: Emit;
}

/** The other side ends the task at its time-out; this side gives it a moment to report that. */
const replyGraceMs = 1_000;
/** What a message has beside the payload. */
const restOfMessageBytes = 512;
const nudgeEveryMs = 20;
const liveReadMs = 500;

/** The web role's end of the link. */
export class LinkClient implements Jobs {
  private connections: LinkConnection[];
  /** To roles that drain: only what runs there already waits for them. */
  private leaving: LinkConnection[] = [];
  private stopped = false;
  private readonly waiting = new Set<() => void>();
  private next = 0;
  private nudgeTimer?: NodeJS.Timeout;
  private liveTimer?: NodeJS.Timeout;
  private states: LiveState[] = [];

  constructor(private readonly options: LinkClientOptions) {
    this.connections = options.urls.map(url => this.open(url));
  }

  /** Does not wait for the link: the web role serves without it. */
  async start(): Promise<void> {
    for (const connection of this.connections) connection.start();
    this.liveTimer = setInterval(() => void this.readLive(), liveReadMs);
    this.liveTimer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.liveTimer);
    clearTimeout(this.nudgeTimer);
    this.nudgeTimer = undefined;
    this.stopped = true;
    for (const connection of this.all()) connection.stop();
  }

  isUp(): boolean {
    return this.connections.some(connection => connection.isUp());
  }

  live(): LiveState[] {
    return this.all().some(connection => connection.isUp()) ? this.states : [];
  }

  async run<T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options: RunOptions = {}): Promise<unknown> {
    const timeout = timeoutOf(options);
    const bytes = sendableBytes(taskType, data, this.options.messageBytes);
    const late = () => new LinkError('timeout', `${taskType}: no result within ${timeout} ms`);
    let until: number | undefined;
    const run = async (connection: LinkConnection) => {
      // The time that it has waited at a role that drains by now counts.
      until ??= performance.now() + timeout;
      if (!(await connection.hasRoom(bytes, until - performance.now()))) throw late();
      if (!connection.isUp()) throw new NotSent();
      const leftMs = Math.ceil(until - performance.now());
      if (leftMs < 1) throw late();
      return withTimeout(leftMs + replyGraceMs, connection.call(wire.run, taskType, data, leftMs), late);
    };
    return this.askAny(run, taskType);
  }

  async runSchedule(name: string): Promise<void> {
    await this.askAny(connection => connection.call(wire.runSchedule, name));
  }

  async recycleWorker(roleId: string, pid: number): Promise<void> {
    await this.ask(roleId, wire.recycleWorker, pid);
  }

  async drain(roleId: string): Promise<void> {
    await this.ask(roleId, wire.drain);
  }

  /** Asks this very role. */
  private async ask(roleId: string, name: string, ...params: unknown[]): Promise<void> {
    const connections = this.all();
    const states = await Promise.all(connections.map(connection => connection.live()));
    const its = connections.find((_, index) => states[index]?.some(({ _id }) => _id === roleId));
    if (!its) throw notLinked(roleId);
    await its.call(name, ...params).catch(error => Promise.reject(asLinkError(error)));
  }

  /** Many at once become one. */
  nudge(): void {
    this.nudgeTimer ??= setTimeout(() => {
      this.nudgeTimer = undefined;
      for (const connection of this.connections) {
        if (connection.isUp()) connection.call(wire.nudge).catch(() => {});
      }
    }, nudgeEveryMs);
  }

  private open(url: string): LinkConnection {
    const { secret, retryMs, maySend, emit } = this.options;
    return new LinkConnection({ url, secret, retryMs, maySend, emit, onChange: () => this.wakeWaiting() });
  }

  private all(): LinkConnection[] {
    return [...this.connections, ...this.leaving];
  }

  /** Asks a role, and the next where that one drains or never heard of it: it has begun nothing, so nothing happens twice. */
  private async askAny(ask: (of: LinkConnection) => Promise<unknown>, taskType?: string): Promise<unknown> {
    for (;;) {
      const connection = await this.reached(Date.now() + this.options.waitMs, taskType);
      try {
        return await ask(connection);
      } catch (error) {
        if (error instanceof NotSent) continue;
        if ((error as { error?: unknown }).error !== drainingCode) throw asLinkError(error);
        this.replace(connection);
      }
    }
  }

  /** Another role may answer at the same address; where it is the same one once more, not too often. */
  private replace(connection: LinkConnection): void {
    if (!this.connections.includes(connection)) return;
    this.connections = this.connections.filter(one => one !== connection);
    this.leaving.push(connection);
    connection.leave();
    const openNext = () => {
      if (this.stopped) return;
      const next = this.open(connection.url);
      this.connections.push(next);
      next.start();
    };
    setTimeout(openNext, Math.max(0, connection.openedAt + this.options.retryMs - Date.now())).unref();
  }

  /**
   * The next connection in turn that is up; preferably one whose role is known to run the task type.
   *
   * @throws LinkError `down` when none is by then, which is within `waitMs`.
   */
  private async reached(until: number, taskType?: string): Promise<LinkConnection> {
    const { waitMs, urls } = this.options;
    const down = () =>
      new LinkError('down', `the link to the jobs role is down: ${urls.join(', ')} not reached in ${waitMs} ms`);
    for (;;) {
      const up = await this.runners(
        this.connections.filter(connection => connection.isUp()),
        taskType,
      );
      const chosen = up[this.next++ % Math.max(1, up.length)];
      if (chosen) return chosen;
      await this.change(until - Date.now(), down);
    }
  }

  /** A role that has not reported its task types yet counts as a candidate. */
  private async runners(up: LinkConnection[], taskType: string | undefined): Promise<LinkConnection[]> {
    if (taskType === undefined || up.length < 2) return up;
    const states = await Promise.all(up.map(connection => connection.live()));
    const able = up.filter((_, index) => states[index]?.every(({ taskTypes }) => taskTypes.includes(taskType)));
    return able.length > 0 ? able : up;
  }

  private async change(ms: number, late: () => Error): Promise<void> {
    let wake = () => {};
    const changed = new Promise<void>(resolve => {
      wake = resolve;
    });
    this.waiting.add(wake);
    await withTimeout(Math.max(0, ms), changed, late).finally(() => this.waiting.delete(wake));
  }

  private wakeWaiting(): void {
    for (const wake of this.waiting) wake();
  }

  private stopThoseThatHaveLeft(): void {
    for (const connection of this.leaving) if (!connection.isUp()) connection.stop();
    this.leaving = this.leaving.filter(connection => connection.isUp());
  }

  private async readLive(): Promise<void> {
    this.stopThoseThatHaveLeft();
    this.states = (await Promise.all(this.all().map(connection => connection.live()))).flat();
  }
}

/** The connection went while a call waited for its turn. */
class NotSent extends Error {}

/**
 * A jobs role cuts the link at a message that is too long or nested too deeply, and everybody's runs with it.
 *
 * @returns how many bytes a message with this payload has, at most.
 * @throws LinkError `refused` for such a payload.
 */
function sendableBytes(taskType: string, data: unknown, messageBytes: number): number {
  const path = `${taskType}.data`;
  const text = written(path, data ?? {});
  const bytes = Buffer.byteLength(text);
  if (bytes > messageBytes - restOfMessageBytes) {
    const limit = `limits.messageBytes is ${messageBytes}, of which the rest of the message has ${restOfMessageBytes}`;
    const remedy = 'put large data into the database and send its id, or raise the limit in both roles';
    throw new LinkError('refused', `${path}: ${bytes} bytes are too many for the link (${limit}); ${remedy}`);
  }
  // The jobs role refuses the same, but only what gets there.
  const { problems } = normalForm(EJSON.parse(text), path);
  if (problems.length > 0) throw new LinkError('refused', problems.join('; '));
  return bytes + restOfMessageBytes;
}

function written(path: string, data: unknown): string {
  try {
    return EJSON.stringify(data);
  } catch (cause) {
    throw new LinkError('refused', `${path}: can't be sent: ${messageOf(cause)}`, { cause });
  }
}

const failures: readonly string[] = ['down', 'timeout', 'refused', 'failed'] satisfies LinkFailure[];

function asLinkError(cause: unknown): LinkError {
  if (cause instanceof LinkError) return cause;
  const { error, reason, message } = cause as { error?: unknown; reason?: string; message?: string };
  const lost = error === 'invocation-failed' || error === 'link-required';
  const code = failures.includes(String(error)) ? (error as LinkFailure) : lost ? 'down' : 'failed';
  return new LinkError(code, reason ?? message ?? messageOf(cause), { cause });
}
