import { jobs } from '../../link';
import { cached } from '../../timing/cached';
import { batchesView, batchView } from './batches';
import { errorsView, errorView } from './errors';
import { JobsPresence } from './jobs-presence';
import { machinesView } from './machines';
import { nowView } from './now';
import { schedulesView } from './schedules';
import { taskView } from './task';
import { typesView } from './task-types';
import { tasksView } from './tasks';
import { type AnyQueue, type CachedCounts, noParams, type View, type ViewDeps, view } from './view';

/** Every view by the name by which pages ask for it (`useView`). */
export function createViews(deps: ViewDeps) {
  const counted = cached(() => deps.queue.counts(), countsKept);
  return {
    frame: frameView(deps),
    now: nowView(deps, counted),
    batches: batchesView(deps.queue),
    batch: batchView(deps.queue),
    counts: countsView(deps, counted),
    tasks: tasksView(deps.queue),
    task: taskView(deps.queue),
    errors: errorsView(deps.queue),
    error: errorView(deps.queue),
    bulkWorks: bulkWorksView(deps.queue),
    types: typesView(deps, counted),
    schedules: schedulesView(deps),
    machines: machinesView(deps),
  };
}

export type ConsoleViews = ReturnType<typeof createViews>;
export type ViewName = keyof ConsoleViews;

/** What a page gets of a view. */
export type ViewOf<Name extends ViewName> = ConsoleViews[Name] extends View<infer _, infer Result> ? Result : never;

/** What every page needs: whether a jobs role lives, so that nobody waits for what nobody does. */
function frameView({ registry }: ViewDeps) {
  const presence = new JobsPresence();
  return view({
    parse: noParams,
    look: async () => {
      const linked = new Set(jobs.live().map(({ _id }) => _id));
      return { jobsRoles: presence.living(await registry.list(), linked) };
    },
  });
}

const countsKept = { forMs: 3_000, waitMs: 5_000 };

/** How many tasks are in which state, by kept counters and bounded counts; and which types there are. */
function countsView({ queue }: ViewDeps, counted: CachedCounts) {
  return view({
    parse: noParams,
    look: async () => {
      const { total, limit, byType } = await counted();
      return { total, limit, types: [...new Set([...Object.keys(queue.core.catalog), ...Object.keys(byType)])].sort() };
    },
  });
}

const worksShown = 10;

/** The newest work on many tasks, what goes on and what has ended. */
const bulkWorksView = (queue: AnyQueue) =>
  view({
    parse: noParams,
    look: async () => {
      const works = await queue.bulkWorks(worksShown);
      return {
        rows: works.map(
          ({ _id, kind, state, startedAt, of, done, skipped, problems, stopRequested, error, endedAt }) => ({
            _id,
            kind,
            state,
            startedAt,
            done,
            skipped,
            problems: problems.slice(0, 3),
            ...(of !== undefined && { of }),
            ...(endedAt && { endedAt }),
            ...(stopRequested && { stopRequested }),
            ...(error !== undefined && { error }),
          }),
        ),
      };
    },
  });
