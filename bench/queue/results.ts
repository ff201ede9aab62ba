import type { PeerName } from './peers';
import type { Figures, WorkloadName } from './workloads';

/** What all rounds have found. */
export class Results {
  readonly all: Record<string, Record<string, Figures[]>> = {};

  constructor(readonly names: readonly PeerName[]) {}

  add(name: PeerName, workload: WorkloadName, figures: Figures): void {
    this.all[name] ??= {};
    const ofPeer = this.all[name];
    ofPeer[workload] = [...(ofPeer[workload] ?? []), figures];
  }

  /** One figure in each round. */
  of(name: PeerName, workload: WorkloadName, figure: string): number[] {
    return (this.all[name]?.[workload] ?? []).flatMap(figures => figures[figure] ?? []);
  }
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
