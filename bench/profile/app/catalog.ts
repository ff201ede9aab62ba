import { defineTasks } from '../../../infra/catalog';

/** The monolith runs its tasks in its own process, all other set-ups in workers. */
export const inRole = process.env.PROFILE_TASKS_IN === 'role';

const place: { runsIn?: 'role' } = inRole ? { runsIn: 'role' } : {};

/** The workload's task types. */
export const catalog = defineTasks({
  /** `ms`: how long its rounds take on a core of its own. `askedAt`: when a visitor wanted it. */
  compute: {
    ...place,
    payload: { ms: Number, rounds: Number, askedAt: { type: Number, optional: true } },
    timeout: 120_000,
  },
  crash: { ...place, payload: {}, attempts: 1 },
  leak: { ...place, payload: { megabytes: Number }, attempts: 1 },
});

export type Catalog = typeof catalog;
