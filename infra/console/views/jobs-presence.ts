import type { ProcessRecord } from '../../monitor/processes';

/**
 * Which jobs roles live. The register notices after three heartbeats that one was killed; a link that breaks says so at
 * once, until the register has heard of that role again.
 */
export class JobsPresence {
  private readonly unlinkedSince = new Map<string, Date | undefined>();

  /**
   * @param records of the register.
   * @param linked the ids of the roles that are linked to this process.
   * @returns how many live.
   */
  living(records: readonly Pick<ProcessRecord, '_id' | 'role' | 'lastSeen'>[], linked: ReadonlySet<string>): number {
    for (const id of linked) this.unlinkedSince.set(id, undefined);
    const ids = new Set(records.map(({ _id }) => _id));
    for (const id of this.unlinkedSince.keys()) if (!linked.has(id) && !ids.has(id)) this.unlinkedSince.delete(id);
    const others = records.filter(({ _id, role }) => role === 'jobs' && !linked.has(_id));
    return linked.size + others.filter(record => this.isHeardOf(record)).length;
  }

  private isHeardOf({ _id, lastSeen }: Pick<ProcessRecord, '_id' | 'lastSeen'>): boolean {
    if (!this.unlinkedSince.has(_id)) return true;
    const lost = this.unlinkedSince.get(_id) ?? lastSeen;
    this.unlinkedSince.set(_id, lost);
    return lastSeen > lost;
  }
}
