import { catalogVersions } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { Paused } from '../store/control';
import type { DatabaseGuard } from '../store/database-guard';
import type { KnownType, TaskStore } from '../store/task-store';

/** Which task types a role may claim now: those that it knows and that nobody has paused. */
export class ClaimableTypes {
  /** What this role runs. */
  private readonly mine: readonly KnownType[];
  /** What the catalog has, so that others may run it. */
  private readonly known: readonly KnownType[];
  private readonly reported: KnownType[] = [];
  /** As it was read last; undefined: it never could be. */
  private paused: Paused | undefined;
  /** Reads are counted from when they are asked: an answer that is overtaken by that of a later one is out of date. */
  private reads = { asked: 0, answered: 0 };

  /** @param only the types of a role that does not run all of the catalog. */
  constructor(
    private readonly core: QueueCore,
    private readonly guard: DatabaseGuard,
    only?: readonly string[],
  ) {
    this.known = catalogVersions(core.catalog);
    this.mine = only ? this.known.filter(({ taskType }) => only.includes(taskType)) : this.known;
  }

  /** Those of a store. Without knowing what is paused a role claims nothing from the database: it may be all. */
  list(store: TaskStore): readonly KnownType[] {
    if (!this.paused) return store === this.core.store ? [] : this.mine;
    const { all, types } = this.paused;
    if (all) return [];
    return types.size === 0 ? this.mine : this.mine.filter(({ taskType }) => !types.has(taskType));
  }

  /** Whether what is paused could be read yet. */
  get knowsPauses(): boolean {
    return this.paused !== undefined;
  }

  /** Reads what is paused, and which limits were changed. @returns whether any of that is new. */
  async readPauses(): Promise<boolean> {
    this.reads.asked += 1;
    const { asked } = this.reads;
    const read = await this.guard.attempt('pauses', () => this.core.pauses.read());
    if (!read || asked < this.reads.answered) return false;
    this.reads.answered = asked;
    const before = this.paused;
    this.paused = read;
    this.core.limits.apply(read.overrides);
    this.report(read.problems);
    return !before || asText(before) !== asText(read);
  }

  /** Says once what is left out of what was read. */
  private report(problems: readonly string[]): void {
    const step = 'use all of taskControl/pauses';
    if (problems.length === 0) {
      this.guard.succeeded(step);
      return;
    }
    const rest = 'it is left out; unset the field, or pause or change the limits of the type again';
    this.guard.failed(step, new TypeError(`taskControl/pauses: ${problems.join('; ')}: ${rest}`));
  }

  /** Whether work on many tasks was announced when pauses were read. */
  get hasBulkWork(): boolean {
    return this.paused?.bulkWork === true;
  }

  /** Says once of each type (or version) that this role does not know that tasks of it wait. */
  async reportUnknown(): Promise<void> {
    const known = [...this.known, ...this.reported];
    const found = await this.guard.attempt('unknown types', () => this.core.store.unknownTypes(known));
    for (const { taskType, version } of found ?? []) {
      this.reported.push({ taskType, version });
      this.core.emit('queue.unknownType', { taskType, catalogVersion: version });
    }
  }
}

function asText({ all, types, overrides }: Paused): string {
  return JSON.stringify([all, [...types].sort(), overrides]);
}
