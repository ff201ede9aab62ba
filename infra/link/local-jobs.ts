import type { AppDataOf, AppTaskType } from '../catalog';
import { type Jobs, LinkError, type LinkFailure, type LiveState, type RunOptions } from './contract';
import type { LinkServerOptions } from './link-server';

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
