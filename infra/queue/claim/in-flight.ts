import type { Task } from '../model/task';
import type { DatabaseReport } from '../store/database-guard';
import type { TaskStore } from '../store/task-store';

/** A task that this role has claimed and whose end is not written yet. */
export interface HeldTask {
  task: Task;
  store: TaskStore;
  /** False once it has reported: it then waits for its settle only. */
  running: boolean;
}

/** The tasks that this role holds: whose leases it renews, and that count for its limits. */
export class HeldTasks {
  private readonly held = new Map<string, HeldTask>();
  private readonly byId = new Map<string, HeldTask>();
  private readonly runningByType = new Map<string, number>();
  private running = 0;

  add(task: Task, store: TaskStore): void {
    const held = { task, store, running: true };
    this.held.set(keyOf(task), held);
    this.byId.set(task._id, held);
    this.count(task.taskType, 1);
  }

  get(task: Task): HeldTask | undefined {
    return this.held.get(keyOf(task));
  }

  /** It has reported: its slot is free, its lease still ours. */
  ended(task: Task): void {
    const held = this.get(task);
    if (!held?.running) return;
    held.running = false;
    this.count(task.taskType, -1);
  }

  forget(task: Task): void {
    this.ended(task);
    if (this.byId.get(task._id) === this.get(task)) this.byId.delete(task._id);
    this.held.delete(keyOf(task));
  }

  find(id: string): HeldTask | undefined {
    return this.byId.get(id);
  }

  all(): HeldTask[] {
    return [...this.held.values()];
  }

  of(store: TaskStore): Task[] {
    return this.all().flatMap(held => (held.store === store ? [held.task] : []));
  }

  /** How many run now, of one type or of all. */
  countRunning(taskType?: string): number {
    return taskType === undefined ? this.running : (this.runningByType.get(taskType) ?? 0);
  }

  private count(taskType: string, change: number): void {
    this.running += change;
    this.runningByType.set(taskType, this.countRunning(taskType) + change);
  }
}

/** By claim, not by id alone: a task that was lost and claimed again is held twice for a moment. */
function keyOf({ _id, token }: Task): string {
  return `${token} ${_id}`;
}

const waitMs = 1_000;

/**
 * Tasks that were taken from us (we were thought dead) and that we claimed anew while their first run here still goes on.
 * They must not run twice at once: each is given back a little later, or at once when the role ends.
 */
export class StaleClaims {
  private readonly claims = new Map<Task, { store: TaskStore; timer: NodeJS.Timeout }>();

  constructor(
    private readonly report: DatabaseReport,
    private readonly onGivenBack: () => void,
  ) {}

  add(task: Task, store: TaskStore): void {
    const timer = setTimeout(() => this.giveBack(task), waitMs);
    this.claims.set(task, { store, timer });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.claims.keys()].map(task => this.giveBack(task)));
  }

  private async giveBack(task: Task): Promise<void> {
    const claim = this.claims.get(task);
    if (!claim) return;
    clearTimeout(claim.timer);
    this.claims.delete(task);
    await this.report.attempt('hand back', () => claim.store.handBack([task]));
    this.onGivenBack();
  }
}
