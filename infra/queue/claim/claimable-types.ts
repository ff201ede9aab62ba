import { catalogVersions } from '../../catalog';
import type { QueueCore } from '../api/queue-core';
import type { Paused } from '../store/control';
import type { DatabaseGuard } from '../store/database-guard';
import type { KnownType } from '../store/task-store';

/** Which task types a role may claim now: those that it knows and that nobody has paused. */
export class ClaimableTypes {
  /** What this role runs. */
  private readonly mine: readonly KnownType[];
  /** What the catalog has, so that others may run it. */
  private readonly known: readonly KnownType[];
  private readonly reported: KnownType[] = [];
  private paused: Paused = { all: false, types: new Set(), bulkWork: false, overrides: [] };

  /** @param only the types of a role that does not run all of the catalog. */
  constructor(
    private readonly core: QueueCore,
    private readonly guard: DatabaseGuard,
    only?: readonly string[],
  ) {
    const versions = Object.entries(catalogVersions(core.catalog));
    this.known = versions.map(([taskType, version]) => ({ taskType, version }));
    this.mine = only ? this.known.filter(({ taskType }) => only.includes(taskType)) : this.known;
  }

  list(): readonly KnownType[] {
    if (this.paused.all) return [];
    if (this.paused.types.size === 0) return this.mine;
    return this.mine.filter(({ taskType }) => !this.paused.types.has(taskType));
  }

  /** Reads what is paused, and which limits were changed. @returns whether any of that is new. */
  async readPauses(): Promise<boolean> {
    const before = this.paused;
    this.paused = (await this.guard.attempt('pauses', () => this.core.pauses.read())) ?? before;
    this.core.limits.apply(this.paused.overrides);
    return asText(before) !== asText(this.paused);
  }

  /** Whether work on many tasks was announced when pauses were read. */
  get hasBulkWork(): boolean {
    return this.paused.bulkWork;
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
