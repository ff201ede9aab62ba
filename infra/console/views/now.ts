import { Deploys } from '../../monitor/deploys';
import { type ProcessRecord, untakenTypes } from '../../monitor/processes';
import type { Figures, QueueCounts } from '../../queue';
import { type CachedCounts, noParams, type ViewDeps, view } from './view';

const hour = 60 * 60 * 1_000;
/** What is judged: long enough that one failure among few is no trouble for long. */
const recentMinutes = 10;
const worrying = { waitMs: 60_000, failedShare: 0.1, failed: 5 };

/** The last hour by the minute, and what is wrong now. */
export function nowView({ registry, queue }: ViewDeps, counted: CachedCounts) {
  return view({
    parse: noParams,
    look: async () => {
      const { clock, db, pauses } = queue.core;
      const from = new Date(clock.now().getTime() - hour);
      const [{ points }, deploys, counts, processes, paused] = await Promise.all([
        queue.statistics.series({ level: 'minute', from }),
        new Deploys(db).list(from),
        counted(),
        registry.list(),
        pauses.read(),
      ]);
      const recent = points.slice(-recentMinutes);
      return {
        problems: problemsOf({ recent, counts, processes, allPaused: paused.all, now: clock.now() }),
        minutes: minutesOf(points),
        deploys: deploys.map(({ firstAt, version, commit }) => ({ at: firstAt, version, commit })),
      };
    },
  });
}

/** What is known of the state of the whole. */
export interface Situation {
  recent: readonly Figures[];
  counts: Pick<QueueCounts, 'byType'>;
  processes: readonly ProcessRecord[];
  allPaused: boolean;
  now: Date;
}

/** What is wrong, a sentence each; none: all is well. Pure. That no jobs role lives says the frame of every page. */
export function problemsOf({ recent, counts, processes, allPaused, now }: Situation): string[] {
  const waiting = Object.entries(counts.byType).flatMap(([taskType, { oldestQueued }]) =>
    oldestQueued ? [{ taskType, ms: now.getTime() - oldestQueued.getTime() }] : [],
  );
  const [longest] = waiting.sort((a, b) => b.ms - a.ms);
  const queued = waiting.map(({ taskType }) => taskType);
  const untaken = untakenTypes(processes, queued);
  const failed = recent.reduce((sum, figures) => sum + figures.failed, 0);
  const ended = recent.reduce((sum, figures) => sum + figures.done + figures.failed, 0);
  return [
    ...(allPaused ? ['Everything is paused.'] : []),
    ...(longest && longest.ms > worrying.waitMs ? [`${longest.taskType} has waited for ${minutes(longest.ms)}.`] : []),
    ...untaken.map(taskType => `No living role takes ${taskType}, and tasks of it wait.`),
    ...(failed >= worrying.failed && failed / ended > worrying.failedShare
      ? [`${failed} of ${ended} tasks have failed in the last ${recentMinutes} minutes.`]
      : []),
  ];
}

const minutes = (ms: number) => (ms < 2 * 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.floor(ms / 60_000)} min`);

/** One list for each line of the charts. Null: nothing was measured in that minute. */
export interface Minutes {
  /** In seconds, as the charts want them. */
  at: number[];
  done: number[];
  failed: number[];
  waitP50: (number | null)[];
  waitP95: (number | null)[];
  runP50: (number | null)[];
  runP95: (number | null)[];
}

function minutesOf(points: readonly ({ at: Date } & Figures)[]): Minutes {
  const list = <T>(what: (point: { at: Date } & Figures) => T) => points.map(what);
  return {
    at: list(({ at }) => at.getTime() / 1_000),
    done: list(({ done }) => done),
    failed: list(({ failed }) => failed),
    waitP50: list(({ wait }) => wait?.p50Ms ?? null),
    waitP95: list(({ wait }) => wait?.p95Ms ?? null),
    runP50: list(({ run }) => run?.p50Ms ?? null),
    runP95: list(({ run }) => run?.p95Ms ?? null),
  };
}
