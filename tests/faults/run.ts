/** `npm run test:faults [scenario …] [--seed N] [--rounds N] [--size small|full] [--keep] [--list]` */
import { parseArgs } from 'node:util';
import { didYouMean } from '../../infra/catalog';
import { playScenario, type Result, type Scenario, type Size } from './scenario';
import { scenarios } from './scenarios';
import { runOutsideOfJest } from './stage/run-outside-of-jest';

interface Flags {
  chosen: readonly Scenario[];
  seed: number;
  rounds: number;
  size: Size;
  verbose: boolean;
}

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

async function playAndSay(scenario: Scenario, seed: number, { size, verbose }: Flags): Promise<Result> {
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
function readFlags(): Flags | undefined {
  try {
    return parseFlags();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

function parseFlags(): Flags | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      rounds: { type: 'string', default: '1' },
      size: { type: 'string', default: 'full' },
      verbose: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  if (values.list) return undefined;
  if (values.size !== 'small' && values.size !== 'full')
    throw new Error(`--size: "${values.size}" is neither small nor full`);
  const chosen = positionals.length === 0 ? scenarios : positionals.map(named);
  const { size, verbose } = values;
  return { chosen, seed: whole('seed', values.seed), rounds: whole('rounds', values.rounds), size, verbose };
}

function named(name: string): Scenario {
  const names = scenarios.map(scenario => scenario.name);
  const scenario = scenarios.find(one => one.name === name);
  if (scenario) return scenario;
  throw new Error(`there is no scenario "${name}"${didYouMean(name, names)}; --list shows them all`);
}

function whole(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${flag}: "${text}" is not a whole number`);
}

void main();
