import type { Task } from '../model/task';
import type { TaskStore } from '../store/task-store';

/** A task that this role has claimed and whose settlement is not written yet. */
export interface InFlightTask {
  task: Task;
  store: TaskStore;
  /** False once it has reported: it then waits for its settle only. */
  running: boolean;
}

/** The tasks in flight in this role: it renews their leases, and they count toward its limits. */
export class InFlightTasks {
  private readonly byClaim = new Map<string, InFlightTask>();
  private readonly byId = new Map<string, InFlightTask>();
  private readonly runningByType = new Map<string, number>();
  private running = 0;

  add(task: Task, store: TaskStore): void {
    const inFlight = { task, store, running: true };
    this.byClaim.set(keyOf(task), inFlight);
    this.byId.set(task._id, inFlight);
    this.count(task.taskType, 1);
  }

  get(task: Task): InFlightTask | undefined {
    return this.byClaim.get(keyOf(task));
  }

  /** It has reported: its slot is free, its lease still ours. */
  ended(task: Task): void {
    const inFlight = this.get(task);
    if (!inFlight?.running) return;
    inFlight.running = false;
    this.count(task.taskType, -1);
  }

  forget(task: Task): void {
    this.ended(task);
    if (this.byId.get(task._id) === this.get(task)) this.byId.delete(task._id);
    this.byClaim.delete(keyOf(task));
  }

  find(id: string): InFlightTask | undefined {
    return this.byId.get(id);
  }

  all(): InFlightTask[] {
    return [...this.byClaim.values()];
  }

  of(store: TaskStore): Task[] {
    return this.all().flatMap(inFlight => (inFlight.store === store ? [inFlight.task] : []));
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

/** By claim, not by id alone: a task that was lost and claimed again is in flight twice for a moment. */
function keyOf({ _id, token }: Task): string {
  return `${token} ${_id}`;
}

const waitMs = 1_000;

/**
 * Tasks that another role rescued from us and that we claimed again while the first attempt is still running here. They
 * must not run twice at once: each is handed back a little later, or at once when the role stops.
 */
export class StaleClaims {
  private readonly claims = new Map<Task, { store: TaskStore; timer: NodeJS.Timeout }>();

  constructor(private readonly handBack: (task: Task, store: TaskStore) => void) {}

  add(task: Task, store: TaskStore): void {
    const timer = setTimeout(() => this.giveBack(task), waitMs);
    this.claims.set(task, { store, timer });
  }

  stop(): void {
    for (const task of this.claims.keys()) this.giveBack(task);
  }

  private giveBack(task: Task): void {
    const claim = this.claims.get(task);
    if (!claim) return;
    clearTimeout(claim.timer);
    this.claims.delete(task);
    this.handBack(task, claim.store);
  }
}
