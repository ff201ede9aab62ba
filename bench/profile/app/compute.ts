import { createHash } from 'node:crypto';

const block = Buffer.alloc(4_096, 'tandem');

/** Keeps one thread busy with so many hashes, in one piece: nothing else of that thread runs meanwhile. */
export function compute(rounds: number): void {
  for (let round = 0; round < rounds; round += 1) createHash('sha256').update(block).digest();
}

/**
 * How many rounds this machine does in a millisecond, while nothing else runs. All set-ups get the same work by it, and
 * one on a busy core needs longer.
 */
export function roundsPerMs(): number {
  const sample = 10_000;
  const rates = Array.from({ length: 8 }, () => {
    const from = performance.now();
    compute(sample);
    return sample / (performance.now() - from);
  });
  return Math.max(...rates);
}

const leaked: number[][] = [];

/** Allocates what nobody frees: the process has it for as long as it lives. */
export function leak(megabytes: number): void {
  const perMegabyte = 131_072; // numbers of eight bytes
  for (let one = 0; one < megabytes; one += 1) leaked.push(Array.from({ length: perMegabyte }, Math.random));
}

/** Throws outside of every promise, as a bug in a callback does: a plain Node process ends by it. */
export function crash(): Promise<never> {
  setTimeout(() => {
    throw new Error('a bug in a callback');
  });
  return new Promise(() => {});
}
