import { defineTasks } from '../../../../infra/catalog';
import { taskTypes } from './catalog';

const unit = { type: String, optional: true } as const;

/** The catalog of the next release: a payload of another form, and a type that nobody knew before. */
export const catalog = defineTasks({
  ...taskTypes,
  work: { ...taskTypes.work, payload: { ...taskTypes.work.payload, unit }, version: 2 },
  fresh: { payload: { ms: Number }, attempts: 1_000, timeout: 60_000 },
});
