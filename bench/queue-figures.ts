/** A line of the benchmark's report. */
export function figure(name: string, value: string): void {
  console.log(`${name.padEnd(58)} ${value}`);
}

/** The value that the given share of the samples does not exceed, with one decimal. */
export function percentile(samples: readonly number[], share: number): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return (sorted[at] ?? Number.NaN).toFixed(1);
}
