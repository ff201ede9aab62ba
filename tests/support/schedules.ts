import { parseTimes } from '../../infra/roles/stored-schedules';
import { ScheduleRunner, type ScheduleRunnerOptions } from '../../infra/schedules/schedule-runner';
import { SchedulesOf } from '../../infra/schedules/schedules';
import type { TestQueue } from './queue';
import type { TestCatalog } from './test-catalog';

/** The stored schedules of a process, with a jobs role's runner where a test starts one. */
export class TestSchedules {
  readonly schedules = new SchedulesOf<TestCatalog>();
  private readonly runners: ScheduleRunner[] = [];

  private constructor(readonly opened: TestQueue) {}

  static async of(opened: TestQueue): Promise<TestSchedules> {
    const test = new TestSchedules(opened);
    test.schedules.connect({ queue: opened.queue, parseTimes });
    await test.schedules.store.ensureIndexes();
    return test;
  }

  async run(options: Partial<ScheduleRunnerOptions> = {}): Promise<ScheduleRunner> {
    const runner = new ScheduleRunner({ schedules: this.schedules, pollMs: 50, ...options });
    this.runners.push(runner);
    await runner.start();
    return runner;
  }

  async stop(): Promise<void> {
    await Promise.all(this.runners.splice(0).map(runner => runner.stop()));
  }
}

/** The time of this machine, moved by as much as the test says. */
export class MovedClock {
  offsetMs = 0;
  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
}
