import { setTimeout as wait } from 'node:timers/promises';

/** How large a scenario is played: `small` for `npm test`. */
export type Size = 'small' | 'full';

/** What a scenario is given. */
export interface Play {
  seed: number;
  size: Size;
  /** Whatever it opens is closed at its end, however it ends. */
  onClose(close: () => Promise<unknown>): void;
  /** Kept for who looks into a failure. */
  evidence(text: () => string): void;
}

/** What a scenario came to: what was broken, and its figures in words. */
export interface Outcome {
  problems: string[];
  figures: string;
}

/** One way to break things, by name. */
export interface Scenario {
  name: string;
  /** What it does, in a line. */
  about: string;
  /** No scenario runs longer. */
  limitMs: number;
  play(play: Play): Promise<Outcome>;
}

/** Thrown where this machine cannot play a scenario. */
export class CannotPlay extends Error {}

export interface Result {
  name: string;
  verdict: 'PASS' | 'FAIL' | 'SKIPPED';
  seed: number;
  seconds: number;
  figures: string;
  problems: string[];
  evidence: string;
}

/** Plays one scenario within its time. Whatever it throws is a failure with words. */
export async function playScenario(scenario: Scenario, seed: number, size: Size = 'full'): Promise<Result> {
  const closing: (() => Promise<unknown>)[] = [];
  let evidence = () => '';
  const began = Date.now();
  const play: Play = {
    seed,
    size,
    onClose: close => void closing.push(close),
    evidence: text => {
      evidence = text;
    },
  };
  const outcome = await outcomeOf(scenario, play);
  const problems = [...outcome.problems];
  const said = problems.length > 0 ? evidence() : '';
  for (const close of closing.reverse()) await close().catch(error => problems.push(`did not end: ${error.message}`));
  const seconds = Math.round((Date.now() - began) / 1_000);
  const verdict = outcome.skipped ? 'SKIPPED' : problems.length > 0 ? 'FAIL' : 'PASS';
  return { name: scenario.name, verdict, seed, seconds, figures: outcome.figures, problems, evidence: said };
}

async function outcomeOf(scenario: Scenario, play: Play): Promise<Outcome & { skipped?: boolean }> {
  const bound = new AbortController();
  const limit = wait(scenario.limitMs, undefined, { signal: bound.signal }).then(() => {
    throw new Error(`did not end within ${scenario.limitMs / 1_000} s`);
  });
  try {
    return await Promise.race([scenario.play(play), limit]);
  } catch (error) {
    if (error instanceof CannotPlay) return { problems: [], figures: error.message, skipped: true };
    return { problems: [(error as Error)?.stack ?? String(error)], figures: '' };
  } finally {
    bound.abort();
    limit.catch(() => {});
  }
}
