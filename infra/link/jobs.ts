import type { AppDataOf, AppTaskType } from '../catalog';
import {
  drainingCode,
  type Jobs,
  LinkError,
  type LinkFailure,
  type LiveState,
  type RunOptions,
  timeoutOf,
} from './contract';
import type { LinkServerOptions } from './link-server';

/** Why there is no link, until a role sets one. */
class NoJobs implements Jobs {
  constructor(private readonly why: string) {}

  run(): Promise<never> {
    return Promise.reject(new LinkError('down', `the link is off: ${this.why}`));
  }

  runSchedule(): Promise<never> {
    return this.run();
  }

  recycleWorker(): Promise<never> {
    return this.run();
  }

  drain(): Promise<never> {
    return this.run();
  }

  nudge(): void {}

  live(): LiveState[] {
    return [];
  }

  isUp(): boolean {
    return false;
  }
}

let current: Jobs = new NoJobs('no role has started in this process yet');

/** A role calls this at its start: sets the other side of `jobs`, or the reason why there is none. */
export function connectJobs(to: Jobs | { off: string }): void {
  current = 'off' in to ? new NoJobs(to.off) : to;
}

/** The jobs role, for the app: `await jobs.run('makeThumbnails', { … })`. */
export const jobs: Jobs = {
  run: <T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options?: RunOptions) =>
    current.run(taskType, data, options),
  runSchedule: name => current.runSchedule(name),
  recycleWorker: (roleId, pid) => current.recycleWorker(roleId, pid),
  drain: roleId => current.drain(roleId),
  nudge: () => current.nudge(),
  live: () => current.live(),
  isUp: () => current.isUp(),
};

/** Why nothing can be asked of this role. */
export const notLinked = (roleId: string): LinkError =>
  new LinkError('refused', `no jobs role "${roleId}" is linked up`);

/** The same calls if both roles are in one process, without a link. */
export class LocalJobs implements Jobs {
  constructor(private readonly jobs: Omit<LinkServerOptions, 'secret' | 'emit'>) {}

  async run<T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options: RunOptions = {}) {
    const timeoutMs = timeoutOf(options);
    const signal = new AbortController().signal;
    return this.jobs.runInMemory(taskType, data, { timeoutMs, signal }).catch(rejectAsLinkError);
  }

  runSchedule(name: string): Promise<void> {
    return this.jobs.runSchedule(name).catch(rejectAsLinkError);
  }

  async recycleWorker(roleId: string, pid: number): Promise<void> {
    this.refuseOthers(roleId);
    await this.jobs.recycleWorker(pid).catch(rejectAsLinkError);
  }

  async drain(roleId: string): Promise<void> {
    this.refuseOthers(roleId);
    this.jobs.drain();
  }

  nudge(): void {
    this.jobs.nudge();
  }

  live(): LiveState[] {
    return [this.jobs.live()];
  }

  isUp(): boolean {
    return true;
  }

  private refuseOthers(roleId: string): void {
    if (this.jobs.live()._id !== roleId) throw notLinked(roleId);
  }
}

function rejectAsLinkError(cause: unknown): never {
  const { code, message } = cause as { code?: string; message: string };
  throw new LinkError(failures[code ?? ''] ?? 'failed', message, { cause });
}

const failures: Readonly<Record<string, LinkFailure>> = {
  refused: 'refused',
  timeout: 'timeout',
  [drainingCode]: 'down',
};
