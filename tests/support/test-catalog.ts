import SimpleSchema from 'simpl-schema';
import { defineTasks, failedTask, Priority } from '../../infra/catalog';

const never = { base: 60_000, factor: 1, max: 60_000, jitter: 0 };
const soon = { base: 20, factor: 1, max: 20, jitter: 0 };

/** Task types for tests of the queue: each shows one thing. */
export const catalogForTests = defineTasks({
  ping: { payload: { n: { type: Number, optional: true } } },
  strict: { payload: { rows: { type: SimpleSchema.Integer, min: 1 } }, attempts: 1 },
  flaky: { payload: { n: { type: Number, optional: true } }, attempts: 3, backoff: soon, priority: 5 },
  patient: { payload: {}, attempts: 3, backoff: never },
  guarded: { payload: { order: String }, onFailed: 'mailOwner', attempts: 1 },
  charge: { payload: { customer: String, card: { number: String } }, redact: ['card.number'], attempts: 1 },
  mailOwner: { payload: failedTask },
  sleepy: { payload: {}, maxSnoozes: 3 },
  single: { payload: {}, concurrency: 1 },
  turns: { payload: { customer: String }, concurrency: { max: 1, key: 'customer' }, attempts: 3, backoff: soon },
  pairs: { payload: {}, concurrency: { max: 2 } },
  sitemap: { payload: { site: String, page: { type: String, optional: true } }, unique: { key: 'site', for: 60_000 } },
  limited: { payload: {}, rateLimit: { max: 3, per: 1_500 } },
  calls: { payload: { customer: String }, rateLimit: { max: 2, per: 400, key: 'customer' } },
  seldom: {
    payload: { customer: String, account: { type: String, optional: true } },
    concurrency: { max: 1, key: 'account' },
    rateLimit: { max: 2, per: 60_000, key: 'customer' },
  },
  spaced: { payload: {}, rateLimit: { max: 5, per: 500, spread: true } },
  urgent: { payload: {}, deadlineMargin: 20_000 },
  shortLived: { payload: {}, retention: { done: 1_000, failed: 2_000 }, attempts: 1 },
  forgotten: { payload: { n: { type: Number, optional: true } }, retention: { done: 0 }, attempts: 2, backoff: soon },
  second: { payload: {}, version: 2 },
  background: { payload: {}, priority: Priority.low },
  humble: { payload: {}, priority: Priority.low, maxWait: 1_000, concurrency: { max: 1 } },
  important: { payload: {}, priority: Priority.high },
});

export type TestCatalog = typeof catalogForTests;
