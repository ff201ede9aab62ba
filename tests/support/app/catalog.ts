import { defineTasks, Priority } from '../../../infra/catalog';

export const catalog = defineTasks({
  /** Keeps a core busy for so long. */
  burn: {
    payload: { seconds: { type: Number, min: 0.1, max: 60 }, owner: String },
    priority: Priority.low,
    attempts: 1,
    timeout: 120_000,
  },
  /** Runs in the jobs role, with all of Meteor; does what it must not: computes, never stops, leaves a promise. */
  lookUp: {
    payload: {
      name: String,
      computeMs: { type: Number, optional: true },
      hang: { type: Boolean, optional: true },
      leave: { type: Boolean, optional: true },
      fail: { type: String, optional: true },
      pin: { type: String, optional: true },
    },
    redact: ['pin'],
    runsIn: 'role',
    attempts: 1,
    timeout: 3_000,
  },
  /** Is done at once. A schedule adds it. */
  greet: { payload: {}, priority: Priority.high },
});

export type Catalog = typeof catalog;
