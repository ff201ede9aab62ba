import type { AnyCatalog } from '../../catalog';

/** The share of a worker that a task of this type takes: all of it, unless its type lets several run at once. */
export function weightOf(catalog: AnyCatalog, taskType: string): number {
  return 1 / (Object.hasOwn(catalog, taskType) ? (catalog[taskType]?.perWorker ?? 1) : 1);
}

/** Rounding must not cost a slot: ten tenths are one. */
const roundingError = 1e-9;

/** Whether one more of `weight` has room beside what runs already. */
export function fits(load: number, weight: number): boolean {
  return load + weight <= 1 + roundingError;
}

/** A load without the traces of adding and taking away fractions. */
export function rounded(load: number): number {
  return Math.round(load * 1e6) / 1e6;
}
