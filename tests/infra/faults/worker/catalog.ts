import SimpleSchema from 'simpl-schema';
import { defineTasks } from '../../../../infra/catalog';

const soon = { base: 50, factor: 1, max: 50, jitter: 0.5 };
/** Of attempts there are enough for every kill: a task that fails has been failed by the machinery. */
const patient = { attempts: 1_000, backoff: soon, timeout: 60_000 };

/** How many tasks of the type `limited` may run at once for one customer, over all roles. */
export const limitedAtOnce = 2;

/** Task types of the fault suite: their handlers write the ledger. */
export const taskTypes = {
  /** Waits, has its effect, and returns as many bytes as it is told. */
  work: {
    payload: {
      ms: Number,
      resultBytes: { type: SimpleSchema.Integer, optional: true },
      ballast: { type: String, optional: true },
    },
    ...patient,
    perWorker: 5,
  },
  /** The same without neighbors in its worker, and deaf to its signal. */
  stubborn: { payload: { ms: Number }, ...patient },
  /** Blocks its worker's event loop. */
  block: { payload: { ms: Number }, ...patient },
  /** Adds `children` tasks of the type work, and acknowledges them in the ledger. */
  parent: { payload: { children: SimpleSchema.Integer }, ...patient },
  /** Few at once for each customer, in all roles together. */
  limited: {
    payload: { ms: Number, customer: SimpleSchema.Integer },
    ...patient,
    concurrency: { max: limitedAtOnce, key: 'customer', scope: 'all' },
  },
  /** Does what no handler should; see misbehavior.ts. */
  misbehave: { payload: { how: String }, attempts: 1, timeout: 1_500 },
} as const;

export const catalog = defineTasks(taskTypes);
