import type { AppDataOf, AppTaskType } from '../catalog';
import { type Jobs, LinkError, type LinkFailure, type LiveState, type RunOptions } from './contract';
import type { LinkServerOptions } from './link-server';

/** Why there is no link, until a role says otherwise. */
class NoJobs implements Jobs {
  constructor(private readonly why: string) {}

  run(): Promise<never> {
    return Promise.reject(new LinkError('down', `the link is off: ${this.why}`));
  }

  runSchedule(): Promise<never> {
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

/** Called by a role at its start: whom `jobs` speaks to, or why to nobody. */
export function connectJobs(to: Jobs | { off: string }): void {
  current = 'off' in to ? new NoJobs(to.off) : to;
}

/** The jobs role, for the app: `await jobs.run('makeThumbnails', { … })`. */
export const jobs: Jobs = {
  run: <T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options?: RunOptions) =>
    current.run(taskType, data, options),
  runSchedule: name => current.runSchedule(name),
  nudge: () => current.nudge(),
  live: () => current.live(),
  isUp: () => current.isUp(),
};

const defaultTimeoutMs = 30_000;

/** The same calls where both roles live in one process: no link, no wire. */
export class LocalJobs implements Jobs {
  constructor(private readonly jobs: Pick<LinkServerOptions, 'runInMemory' | 'runSchedule' | 'nudge' | 'live'>) {}

  async run<T extends AppTaskType>(taskType: T, data: AppDataOf<T>, { timeout = defaultTimeoutMs }: RunOptions = {}) {
    const signal = new AbortController().signal;
    return this.jobs.runInMemory(taskType, data, { timeoutMs: timeout, signal }).catch(cause => {
      const { code, message } = cause as { code?: LinkFailure; message: string };
      throw new LinkError(code === 'refused' || code === 'timeout' ? code : 'failed', message, { cause });
    });
  }

  runSchedule(name: string): Promise<void> {
    return this.jobs.runSchedule(name);
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
}
