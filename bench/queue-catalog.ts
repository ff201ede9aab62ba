import { defineTasks } from '../infra/catalog';

/** The benchmark's task types: they do nothing, so that what is measured is the way. */
export const catalog = defineTasks({
  noop: { payload: { n: Number } },
  /** Stands at the head of the queue while it is paused. */
  held: { payload: { n: Number }, priority: 99 },
});
