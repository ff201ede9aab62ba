import { cpus, freemem, loadavg } from 'node:os';
import type { Service } from '../app';
import { drainingCode, type LiveState } from '../link';
import type { MetricsSources } from '../monitor/metrics';
import type { AppContext } from './app-context';
import { linkFromWeb } from './link';
import { MemoryRuns } from './memory-runs';
import { Schedules } from './schedules';
import { Workers } from './workers';

const answerMs = 100;
/** A role tells of no more than this: its web roles hear it each second. */
const mostTold = { workers: 200, tasks: 50 };

/** The parts that only a jobs role has. Its health, its metrics and the link read them. */
export class JobsParts {
  readonly runs = new MemoryRuns();
  readonly workers: Workers;
  readonly schedules: Schedules;
  readonly link: readonly Service[];
  /** Whether a DDP connection has proved itself to be the link. */
  readonly isLink: (connectionId: string) => boolean;
  readonly metrics: Partial<MetricsSources>;

  private draining: NodeJS.Timeout | undefined;

  /** @param end drains this process and ends it. */
  constructor(
    private readonly context: AppContext,
    private readonly end: () => void,
  ) {
    this.workers = new Workers(context);
    this.schedules = new Schedules(context);
    const { services, isLink } = this.linkFromWeb();
    this.link = services;
    this.isLink = isLink;
    this.metrics = {
      workers: () => this.workers.snapshot(),
      dispatch: () => this.workers.trouble(),
      schedules: () => this.schedules.list(),
      lastSuccesses: () => this.schedules.lastSuccesses(),
    };
    this.showHealth();
    this.drainFirst();
  }

  private linkFromWeb() {
    return linkFromWeb(this.context, {
      runInMemory: async (taskType, data, options) => {
        this.refuseWhileDraining();
        this.workers.refuseOthers(taskType);
        return this.runs.run(taskType, data, options);
      },
      runSchedule: async name => {
        this.refuseWhileDraining();
        await this.schedules.run(name);
      },
      recycleWorker: async pid => this.workers.recycle(pid),
      drain: () => this.drain(),
      isDraining: () => this.isDraining(),
      nudge: () => this.workers.nudge(),
      live: () => this.liveState(),
    });
  }

  /**
   * Services stop one after another, and those before these take their time: a service of the app, a job of a schedule
   * that is at work and may never end. Meanwhile no job is begun, no task is claimed, and what runs is handed back in time.
   */
  private drainFirst(): void {
    this.context.events.on('role.draining', () => {
      // Their services wait for the same ends, and report their failures.
      for (const part of [this.schedules, this.workers]) part.stop().catch(() => {});
      this.runs.leave();
    });
    this.context.events.on('task.handedBack', () => this.isDraining() && this.runs.leave());
  }

  /** Nothing that is asked for now would come to its end here. */
  private refuseWhileDraining(): void {
    if (this.isDraining()) throw Object.assign(new Error('this jobs role is draining'), { code: drainingCode });
  }

  private isDraining(): boolean {
    return this.context.health.state === 'draining';
  }

  /** The answer goes out first. */
  private drain(): void {
    this.draining ??= setTimeout(this.end, answerMs);
  }

  private showHealth(): void {
    const { workers, context } = this;
    context.healthSources.taskTypes = () => workers.takenTypes;
    context.healthSources.heldLoop = () => workers.heldLoop();
    context.healthSources.minPriority = () => workers.minPriority();
    context.healthSources.workers = () => {
      const { enabled, workers: processes, busy, slots, waiting, starts } = workers.snapshot();
      return { enabled, workers: processes, busy, slots, waiting, starts };
    };
    context.healthSources.dispatch = () => {
      const trouble = workers.trouble();
      return trouble && { ...trouble, mayWaitMs: context.settings.queue.leaseMs / 2 };
    };
  }

  private liveState(): LiveState {
    const { registry, eventLoop } = this.context;
    const { enabled, workers, slots, busy, paused, processes } = this.workers.snapshot();
    return {
      _id: registry.id,
      enabled,
      workers,
      slots,
      busy,
      taskTypes: [...this.workers.takenTypes],
      load: {
        eventLoopDelayMs: eventLoop.delay().p99Ms,
        cpu: Math.round(((loadavg()[0] ?? 0) / cpus().length) * 100) / 100,
        freeMemoryMb: Math.round(freemem() / 1_048_576),
        paused,
      },
      schedules: this.schedules.list(),
      processes: processes.slice(0, mostTold.workers).map(({ load: _, tasks, ...worker }) => ({
        ...worker,
        tasks: tasks.slice(0, mostTold.tasks),
      })),
      inRole: this.workers.inRoleNow().slice(0, mostTold.workers),
      at: new Date(),
    };
  }
}
