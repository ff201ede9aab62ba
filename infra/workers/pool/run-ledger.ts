import type { Task } from '../../queue/model/task';
import { timerMs } from '../../timing/timer-ms';
import type { PoolRun } from './pool-run';

/** All runs that the pool has taken and not yet reported, by its own numbers, and what it hands back at its end. */
export class RunLedger {
  readonly handedBack: Task[] = [];
  private readonly runs = new Map<number, PoolRun>();
  private last = 0;
  private onEmpty: (() => void) | undefined;

  open(task: Task, weight: number, timeoutMs: number): PoolRun {
    this.last += 1;
    const run: PoolRun = { run: this.last, task, weight, timeoutMs, expectedMs: 0, lost: 0 };
    this.runs.set(run.run, run);
    return run;
  }

  get(number: number): PoolRun | undefined {
    return this.runs.get(number);
  }

  has({ run }: PoolRun): boolean {
    return this.runs.has(run);
  }

  ofTask(taskId: string): PoolRun[] {
    return this.all().filter(({ task }) => task._id === taskId);
  }

  all(): PoolRun[] {
    return [...this.runs.values()];
  }

  handBack(run: PoolRun): void {
    this.handedBack.push(run.task);
    this.close(run);
  }

  close({ run }: PoolRun): void {
    this.runs.delete(run);
    if (this.runs.size === 0) this.onEmpty?.();
  }

  /** Resolves when nothing runs any more, or after `ms`. */
  async untilEmpty(ms: number): Promise<void> {
    if (this.runs.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timerMs(ms));
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onEmpty = undefined;
  }
}
