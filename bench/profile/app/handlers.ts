import { compute, crash, leak } from './compute';

/** The collection of the set-up with plain Node workers, which has no queue. */
export const plainTasks = 'plainTasks';

/** While a document is in this collection, the schedule adds its tasks. */
export const burstFlag = 'profileBurst';

const now = () => performance.timeOrigin + performance.now();

/** What a task leaves of itself: which process it had, from when to when. */
export interface Ran {
  from: number;
  to: number;
  pid: number;
}

/** The same code in every set-up: in the monolith's own process, in workers, and in the plain Node worker. */
export const run = {
  compute({ rounds }: { rounds: number }): Ran {
    const from = now();
    compute(rounds);
    return { from, to: now(), pid: process.pid };
  },
  leak({ megabytes }: { megabytes: number }): void {
    leak(megabytes);
  },
  crash,
};

export const handlers = {
  compute: async () => ({ handler: (task: { data: unknown }) => run.compute(task.data as { rounds: number }) }),
  leak: async () => ({ handler: (task: { data: unknown }) => run.leak(task.data as { megabytes: number }) }),
  crash: async () => ({ handler: run.crash }),
};
