import type { Task } from '../model/task';
import type { DatabaseReport } from '../store/database-guard';
import type { TaskStore } from '../store/task-store';

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
