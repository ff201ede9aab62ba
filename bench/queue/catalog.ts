import { defineTasks } from '../../infra/catalog';

const payload = { n: Number, ms: { type: Number, optional: true } } as const;

/** The benchmark's task types: they do nothing, or wait for `ms`, so that what is measured is the way. */
export const catalog = defineTasks({
  noop: { payload, perWorker: 50 },
  /** The same, of which nothing is kept. */
  forgotten: { payload, perWorker: 50, retention: { done: 0 } },
  /** Stands at the head of the queue while it is paused. */
  held: { payload, priority: 99 },
});
