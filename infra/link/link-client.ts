import type { AppDataOf, AppTaskType } from '../catalog';
import { messageOf } from '../errors/plain-error';
import type { Emit } from '../monitor/events';
import { withTimeout } from '../timing/with-timeout';
import { type Jobs, LinkError, type LinkFailure, type LiveState, type RunOptions, wire } from './contract';
import { notLinked } from './jobs';
import { LinkConnection } from './link-connection';

export interface LinkClientOptions {
  /** The jobs roles; one reachable role is enough. */
  urls: readonly string[];
  secret: string;
  /** How long a call waits for the link to come up, ms. */
  waitMs: number;
  retryMs: number;
  emit: Emit;
}

const defaultTimeoutMs = 30_000;
/** The other side ends the task at its time-out; this side gives it a moment to report that. */
const replyGraceMs = 1_000;
const nudgeEveryMs = 20;
const liveReadMs = 500;

/** The web role's end of the link. */
export class LinkClient implements Jobs {
  private readonly connections: LinkConnection[];
  private readonly waiting = new Set<() => void>();
  private next = 0;
  private nudgeTimer?: NodeJS.Timeout;
  private liveTimer?: NodeJS.Timeout;
  private states: LiveState[] = [];

  constructor(private readonly options: LinkClientOptions) {
    const { secret, retryMs, emit } = options;
    const onChange = () => this.wakeWaiting();
    this.connections = options.urls.map(url => new LinkConnection({ url, secret, retryMs, emit, onChange }));
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
    for (const connection of this.connections) connection.stop();
  }

  isUp(): boolean {
    return this.connections.some(connection => connection.isUp());
  }

  live(): LiveState[] {
    return this.isUp() ? this.states : [];
  }

  async run<T extends AppTaskType>(
    taskType: T,
    data: AppDataOf<T>,
    { timeout = defaultTimeoutMs }: RunOptions = {},
  ): Promise<unknown> {
    const connection = await this.reached(taskType);
    const answer = connection
      .call(wire.run, taskType, data, timeout)
      .catch(error => Promise.reject(asLinkError(error)));
    const late = () => new LinkError('timeout', `${taskType}: no result within ${timeout} ms`);
    return withTimeout(timeout + replyGraceMs, answer, late);
  }

  async runSchedule(name: string): Promise<void> {
    const connection = await this.reached();
    await connection.call(wire.runSchedule, name).catch(error => Promise.reject(asLinkError(error)));
  }

  async recycleWorker(roleId: string, pid: number): Promise<void> {
    await this.ask(roleId, wire.recycleWorker, pid);
  }

  async drain(roleId: string): Promise<void> {
    await this.ask(roleId, wire.drain);
  }

  /** Asks this very role. */
  private async ask(roleId: string, name: string, ...params: unknown[]): Promise<void> {
    const states = await Promise.all(this.connections.map(connection => connection.live()));
    const its = this.connections.find((_, index) => states[index]?.some(({ _id }) => _id === roleId));
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

  /**
   * The next connection in turn that is up; preferably one whose role is known to run the task type.
   *
   * @throws LinkError `down` when none is within `waitMs`.
   */
  private async reached(taskType?: string): Promise<LinkConnection> {
    const { waitMs, urls } = this.options;
    const down = () =>
      new LinkError('down', `the link to the jobs role is down: ${urls.join(', ')} not reached in ${waitMs} ms`);
    const until = Date.now() + waitMs;
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

  private async readLive(): Promise<void> {
    this.states = (await Promise.all(this.connections.map(connection => connection.live()))).flat();
  }
}

const failures: readonly string[] = ['down', 'timeout', 'refused', 'failed'] satisfies LinkFailure[];

function asLinkError(cause: unknown): LinkError {
  if (cause instanceof LinkError) return cause;
  const { error, reason, message } = cause as { error?: unknown; reason?: string; message?: string };
  const lost = error === 'invocation-failed' || error === 'draining' || error === 'link-required';
  const code = failures.includes(String(error)) ? (error as LinkFailure) : lost ? 'down' : 'failed';
  return new LinkError(code, reason ?? message ?? messageOf(cause), { cause });
}
