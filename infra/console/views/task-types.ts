import type { TaskDefinition } from '../../catalog';
import { untakenTypes } from '../../monitor/processes';
import type { Figures, LimitOverride } from '../../queue';
import { TaskCounters } from '../../queue/store/task-counters';
import { cached } from '../../timing/cached';
import { type CachedCounts, noParams, type ViewDeps, view } from './view';

const day = 86_400_000;
const mostTypes = 300;
/** What is counted of a day changes slowly, however many look. */
const figuresKept = { forMs: 5_000, waitMs: 5_000 };

/** The limits of a type as its catalog, or an operator, has them. */
export interface ShownLimits {
  concurrency?: number;
  rateLimit?: { max: number; per: number };
  priority: number;
}

/** Each task type: its limits, what is changed of them, and how it has done in the last day. */
export function typesView({ queue, registry }: ViewDeps, counted: CachedCounts) {
  const dayOf = cached(() => lastDay(queue), figuresKept);
  return view({
    parse: noParams,
    look: async () => {
      const { pauses, limits } = queue.core;
      const [counts, paused, processes, { figures, usual }] = await Promise.all([
        counted(),
        pauses.read(),
        registry.list(),
        dayOf(),
      ]);
      const types = Object.keys({ ...limits.declared, ...counts.byType }).slice(0, mostTypes);
      const untaken = untakenTypes(processes, Object.keys(limits.declared));
      return {
        allPaused: paused.all,
        rows: types.map(taskType => {
          const definition = Object.hasOwn(limits.declared, taskType) ? limits.declared[taskType] : undefined;
          const { scheduled = 0, waiting = 0, queued = 0, running = 0 } = counts.byType[taskType] ?? {};
          const override = paused.overrides.find(one => one.taskType === taskType);
          const usualMs = usual.get(taskType);
          return {
            _id: taskType,
            now: { scheduled, waiting, queued, running },
            paused: paused.all || paused.types.has(taskType),
            untaken: untaken.includes(taskType),
            ...(definition && { definition: shownDefinition(definition) }),
            ...(override && { override: shownOverride(override) }),
            ...(usualMs !== undefined && { usualMs }),
            ...shownFigures(figures.get(taskType)),
          };
        }),
      };
    },
  });
}

async function lastDay({ statistics, core }: ViewDeps['queue']) {
  const from = new Date(core.clock.now().getTime() - day);
  const [figures, counters] = await Promise.all([
    statistics.byType({ level: 'hour', from }),
    new TaskCounters(core.db).read(),
  ]);
  return { figures, usual: new Map(counters.map(({ _id, usualMs }) => [_id, usualMs])) };
}

function shownDefinition({ runsIn, attempts, timeout, slots, concurrency, rateLimit, priority }: TaskDefinition) {
  const limits: ShownLimits = {
    priority,
    ...limitOf(slots?.max ?? concurrency),
    ...(rateLimit && { rateLimit: { max: rateLimit.max, per: rateLimit.per } }),
  };
  const over = slots ? (slots.key.length > 0 ? `for each ${slots.key.join(' and ')}` : 'in all') : 'in each role';
  const rateKey = [rateLimit?.key ?? []].flat();
  return {
    runsIn,
    attempts,
    timeoutMs: timeout,
    limits,
    over,
    ...(rateKey.length > 0 && { rateKey: rateKey.join(' and ') }),
  };
}

const limitOf = (concurrency: number | undefined) => (concurrency === undefined ? {} : { concurrency });

function shownOverride({ concurrency, rateLimit, priority, by, at }: LimitOverride) {
  return {
    at,
    ...limitOf(concurrency),
    ...(rateLimit && { rateLimit }),
    ...(priority !== undefined && { priority }),
    ...(by !== undefined && { by }),
  };
}

function shownFigures(figures: Figures | undefined) {
  if (!figures) return {};
  const { done, failed, retried, wait, run } = figures;
  const times = (durations: typeof wait) => durations && { p50Ms: durations.p50Ms, p95Ms: durations.p95Ms };
  const [waited, ran] = [times(wait), times(run)];
  return { day: { done, failed, retried, ...(waited && { wait: waited }), ...(ran && { run: ran }) } };
}
