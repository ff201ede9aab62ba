import type { AppDataOf, AppTaskType } from '../catalog';
import { type Jobs, LinkError, type LiveState, type RunOptions } from './contract';

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
