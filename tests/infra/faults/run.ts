/** `npm run test:faults [scenario …] [--seed N] [--rounds N] [--size small|full] [--keep] [--list]` */
import { type FaultFlags, faultFlags } from './flags';
import { playScenario, type Result, type Scenario } from './scenario';
import { scenarios } from './scenarios';
import { runOutsideOfJest } from './stage/run-outside-of-jest';

async function main(): Promise<void> {
  const flags = readFlags();
  if (!flags) return list();
  const endRun = runOutsideOfJest();
  const results: Result[] = [];
  try {
    for (let round = 0; round < flags.rounds; round++)
      for (const scenario of flags.chosen) results.push(await playAndSay(scenario, flags.seed + round, flags));
  } finally {
    await endRun();
  }
  summarize(results);
  process.exit(results.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0);
}

async function playAndSay(scenario: Scenario, seed: number, { size, verbose }: FaultFlags): Promise<Result> {
  const result = await playScenario(scenario, seed, size);
  const { verdict, name, figures, seconds, problems, evidence } = result;
  console.log(`${verdict} ${name} seed=${seed} ${figures}${figures ? ', ' : ''}${seconds} s`);
  for (const problem of problems.slice(0, 20)) console.log(`     ${problem}`);
  if (problems.length > 20) console.log(`     and ${problems.length - 20} more`);
  if (verbose && evidence) console.log(evidence);
  return result;
}

function summarize(results: Result[]): void {
  if (results.length < 2) return;
  const count = (verdict: Result['verdict']) => results.filter(one => one.verdict === verdict).length;
  console.log('');
  for (const { verdict, name, seed, seconds } of results)
    console.log(
      `${verdict.padEnd(8)}${name.padEnd(36)}seed=${String(seed).padEnd(12)}${String(seconds).padStart(5)} s`,
    );
  console.log(`${count('PASS')} passed, ${count('FAIL')} failed, ${count('SKIPPED')} skipped`);
}

function list(): void {
  for (const { name, about } of scenarios) console.log(`${name.padEnd(36)}${about}`);
}

/** @returns undefined for `--list`. Exits with one line where something is wrong. */
function readFlags(): FaultFlags | undefined {
  try {
    return faultFlags(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

void main();
