import { parseArgs } from 'node:util';
import { didYouMean } from '../../../infra/catalog';
import type { Scenario, Size } from './scenario';
import { scenarios } from './scenarios';

export interface FaultFlags {
  chosen: readonly Scenario[];
  seed: number;
  rounds: number;
  size: Size;
  verbose: boolean;
}

/**
 * What the command line asks for; undefined for `--list`.
 *
 * @throws one line that says what is wrong, with the nearest scenario's name.
 */
export function faultFlags(args: string[]): FaultFlags | undefined {
  const { values, positionals } = parseArgs({
    args,
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
