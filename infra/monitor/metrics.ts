import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { cached } from '../timing/cached';
import type { EventLoopDelay } from './event-loop';
import type { EventFields, Events } from './events';

/** The queue's part of a scrape. Each figure comes from kept counters or a bounded query. */
export interface QueueMetrics {
  /** Tasks that wait or run, by type and state. */
  depth: { taskType: string; state: string; count: number }[];
  /** How long the oldest queued task of a type has waited since it was due. */
  oldestSeconds: { taskType: string; seconds: number }[];
}

export interface MetricsSources {
  role: string;
  version: string;
  commit: string;
  eventLoop: () => EventLoopDelay;
  queue?: () => Promise<QueueMetrics>;
  /** Whether the figures that are the same in all processes come from this one: summed up they are counted once. */
  reports?: () => Promise<boolean>;
  workers?: () => { workers: number; busy: number; slots: number; cpuMs: number; processes: { rss: number }[] };
  dispatch?: () => { unwritten: number; oldestUnwrittenMs: number; claimFailure: string | undefined } | undefined;
  schedules?: () => { name: string; nextAt?: Date }[];
  /** When each schedule last succeeded, in whatever role. */
  lastSuccesses?: () => Promise<{ name: string; at: Date }[]>;
  linkUp?: () => boolean;
}

/** One scrape asks several gauges; the database is asked once. Prometheus itself waits for ten seconds in all. */
const metricsKept = { forMs: 1_000, waitMs: 2_000 };

/** A run that has ended shows within this time. */
const historyKept = { forMs: 30_000, waitMs: 2_000 };

/** In seconds: from what an idle role starts at once to what nobody should wait for. */
const durations = [0.005, 0.02, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800];

const outcomes = ['done', 'failed', 'retry', 'cancelled', 'rescued', 'rejected', 'snoozed'] as const;

/** The metrics of a process for Prometheus: a scrape reads the gauges; events drive the other metrics. */
export class Metrics {
  readonly registry = new Registry();

  constructor(
    private readonly sources: MetricsSources,
    private readonly events: Events,
  ) {
    this.registry.setDefaultLabels({ role: sources.role });
    collectDefaultMetrics({ register: this.registry });
    this.countTasks();
    this.countFailures();
    this.countRuns();
    this.showProcess();
    this.showQueue();
    this.showWorkers();
    this.showDispatch();
    this.showSchedules();
    this.showSuccesses();
    this.showLink();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    collect: (gauge: Gauge<Label>) => void | Promise<void>,
  ): void {
    new Gauge<Label>({
      name: `tandem_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        return collect(this);
      },
    });
  }

  private countTasks(): void {
    const ended = new Counter({
      name: 'tandem_tasks_total',
      help: 'What became of tasks, by type and outcome.',
      labelNames: ['task_type', 'outcome'],
      registers: [this.registry],
    });
    const duration = new Histogram({
      name: 'tandem_task_duration_seconds',
      help: 'How long attempts at a task took.',
      labelNames: ['task_type', 'outcome'],
      buckets: durations,
      registers: [this.registry],
    });
    this.observeWaits();
    for (const outcome of outcomes) {
      this.events.on(`task.${outcome}`, (_, { taskType = 'unknown', durationMs }: EventFields) => {
        ended.inc({ task_type: String(taskType), outcome });
        if (typeof durationMs === 'number') {
          duration.observe({ task_type: String(taskType), outcome }, durationMs / 1_000);
        }
      });
    }
  }

  private observeWaits(): void {
    const waits = new Histogram({
      name: 'tandem_task_wait_seconds',
      help: 'How long tasks waited for an attempt, from when they could have started.',
      labelNames: ['task_type'],
      buckets: durations,
      registers: [this.registry],
    });
    this.events.on('task.started', (_, { taskType = 'unknown', waitMs }: EventFields) => {
      if (typeof waitMs === 'number') waits.observe({ task_type: String(taskType) }, waitMs / 1_000);
    });
  }

  /** Why attempts fail, whether they are tried again or not: an error, a time-out, a dead worker. */
  private countFailures(): void {
    const failures = new Counter({
      name: 'tandem_task_failures_total',
      help: 'Attempts that failed, by task type and cause.',
      labelNames: ['task_type', 'cause'],
      registers: [this.registry],
    });
    for (const event of ['task.failed', 'task.retry'])
      this.events.on(event, (_, { taskType = 'unknown', outcome = 'failed' }) =>
        failures.inc({ task_type: String(taskType), cause: String(outcome) }),
      );
  }

  private countRuns(): void {
    const runs = new Counter({
      name: 'tandem_schedule_runs_total',
      help: 'Runs of schedules, by schedule and outcome.',
      labelNames: ['schedule', 'outcome'],
      registers: [this.registry],
    });
    for (const outcome of ['finished', 'failed', 'skipped'] as const) {
      this.events.on(`cron.${outcome}`, (_, { schedule = 'unknown' }) =>
        runs.inc({ schedule: String(schedule), outcome }),
      );
    }
  }

  private showProcess(): void {
    const { version, commit, eventLoop } = this.sources;
    this.gauge('build_info', 'Always 1; version and commit are in the labels.', ['version', 'commit'], gauge =>
      gauge.set({ version, commit }, 1),
    );
    this.gauge('event_loop_delay_seconds', 'Delay of the event loop in the last two seconds.', ['figure'], gauge => {
      const { meanMs, p99Ms, maxMs } = eventLoop();
      gauge.set({ figure: 'mean' }, meanMs / 1_000);
      gauge.set({ figure: 'p99' }, p99Ms / 1_000);
      gauge.set({ figure: 'max' }, maxMs / 1_000);
    });
  }

  private showQueue(): void {
    const { queue, reports = async () => true } = this.sources;
    if (!queue) return;
    const none: QueueMetrics = { depth: [], oldestSeconds: [] };
    const ask = cached(async () => ((await reports()) ? queue() : none), metricsKept);
    // If the database does not answer, the scrape goes without its figures.
    const metrics = () => ask().catch(() => none);
    this.gauge('queue_depth', 'Tasks that wait or run, by type and state.', ['task_type', 'state'], async gauge => {
      gauge.reset();
      for (const { taskType, state, count } of (await metrics()).depth)
        gauge.set({ task_type: taskType, state }, count);
    });
    this.gauge('queue_oldest_seconds', 'Age of the oldest queued task by type.', ['task_type'], async gauge => {
      gauge.reset();
      for (const { taskType, seconds } of (await metrics()).oldestSeconds) gauge.set({ task_type: taskType }, seconds);
    });
  }

  private showWorkers(): void {
    const { workers } = this.sources;
    if (!workers) return;
    this.gauge('workers', 'Worker processes.', [], gauge => gauge.set(workers().workers));
    this.gauge('worker_slots', 'Tasks that the workers can run at once.', [], gauge => gauge.set(workers().slots));
    this.gauge('worker_slots_busy', 'Tasks that run now.', [], gauge => gauge.set(workers().busy));
    this.gauge('workers_memory_bytes', 'Resident memory of all workers.', [], gauge =>
      gauge.set(workers().processes.reduce((sum, { rss }) => sum + rss, 0)),
    );
    let counted = 0;
    new Counter({
      name: 'tandem_workers_cpu_seconds_total',
      help: 'What all workers have used of the processor.',
      registers: [this.registry],
      collect() {
        const { cpuMs } = workers();
        this.inc(Math.max(0, cpuMs - counted) / 1_000);
        counted = Math.max(counted, cpuMs);
      },
    });
  }

  private showDispatch(): void {
    const { dispatch } = this.sources;
    if (!dispatch) return;
    this.gauge('unwritten_ends', 'Ends of tasks that are not written to the database yet.', [], gauge =>
      gauge.set(dispatch()?.unwritten ?? 0),
    );
    this.gauge('unwritten_ends_oldest_seconds', 'For how long the oldest of them has waited.', [], gauge =>
      gauge.set((dispatch()?.oldestUnwrittenMs ?? 0) / 1_000),
    );
    this.gauge('claims_failing', '1 while the last claim of tasks has failed.', [], gauge =>
      gauge.set(dispatch()?.claimFailure === undefined ? 0 : 1),
    );
  }

  private showSchedules(): void {
    const { schedules } = this.sources;
    if (!schedules) return;
    this.gauge('schedule_next_seconds', 'Seconds until the next run of a schedule.', ['schedule'], gauge => {
      gauge.reset();
      for (const { name, nextAt } of schedules()) {
        if (nextAt) gauge.set({ schedule: name }, (nextAt.getTime() - Date.now()) / 1_000);
      }
    });
  }

  private showSuccesses(): void {
    const { lastSuccesses, reports = async () => true } = this.sources;
    if (!lastSuccesses) return;
    const ask = cached(async () => ((await reports()) ? lastSuccesses() : []), historyKept);
    const help = 'When a schedule last succeeded, in seconds since 1970.';
    this.gauge('schedule_last_success_timestamp_seconds', help, ['schedule'], async gauge => {
      gauge.reset();
      for (const { name, at } of await ask().catch(() => [])) gauge.set({ schedule: name }, at.getTime() / 1_000);
    });
  }

  private showLink(): void {
    const { linkUp } = this.sources;
    if (linkUp)
      this.gauge('link_up', '1 while the link to the jobs role is up.', [], gauge => gauge.set(linkUp() ? 1 : 0));
  }
}
