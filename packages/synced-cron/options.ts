import { show } from './errors/plain-error';
import type { Logger } from './log';
import { didYouMean } from './nearest';

/** What `SyncedCron.config` takes; each has a default. */
export interface Options {
  /** false: log nothing at all. */
  log: boolean;
  /** Gets every message instead of Meteor's logging. */
  logger: Logger | null;
  /** The collection of the history. Two more have its name with `.leases` and `.marks` behind it. */
  collectionName: string;
  /** true: schedules are in UTC; false: in the time zone of the machine. An entry's `timezone` goes first. */
  utc: boolean;
  /** How long history records are kept, in seconds, 300 at least; 0 or null: for ever. */
  collectionTTL: number | null;
  /** Seconds after its last sign of life at which a process counts as dead, and another one repeats its runs. */
  leaseSeconds: number;
}

export const defaults: Options = {
  log: true,
  logger: null,
  collectionName: 'cronHistory',
  utc: false,
  collectionTTL: 172_800,
  leaseSeconds: 10,
};

/** These take effect at once; `start` reads the others. */
const atAnyTime = ['log', 'logger'];

/** 68 years: MongoDB takes no longer ones. */
const longestTTL = 2 ** 31 - 1;

/** A day: a process that is silent for longer is dead, and no timer of the lease overflows. */
const longestLease = 86_400;

const kinds: Record<keyof Options, { says: string; accepts(value: unknown): boolean }> = {
  log: { says: 'true or false', accepts: value => typeof value === 'boolean' },
  logger: {
    says: 'a function that takes { level, message, tag }, or null',
    accepts: value => !value || typeof value === 'function',
  },
  collectionName: { says: 'a name', accepts: value => typeof value === 'string' && value !== '' },
  utc: { says: 'true or false', accepts: value => typeof value === 'boolean' },
  collectionTTL: {
    says: `a number of seconds up to ${longestTTL}, or null`,
    accepts: value => value === null || (Number.isFinite(value) && Number(value) >= 0 && Number(value) <= longestTTL),
  },
  leaseSeconds: {
    says: `a number of seconds from 1 to ${longestLease}`,
    accepts: value => Number.isFinite(value) && Number(value) >= 1 && Number(value) <= longestLease,
  },
};

/**
 * Merges the input of `config` into the options.
 *
 * @returns the new options, and warnings of options without effect.
 * @throws Error that names the option, its value and what it takes.
 */
export function configured(
  options: Options,
  input: Partial<Options>,
  running: boolean,
): { options: Options; warnings: string[] } {
  if (!input || typeof input !== 'object') throw new Error(`SyncedCron.config: takes options, got ${show(input)}`);
  const warnings: string[] = [];
  const next: Record<string, unknown> = { ...options };
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) next[name] = defaults[name as keyof Options];
    else if (!isOption(name)) warnings.push(unknown(name));
    else next[name] = checked(name, value);
    if (running && isOption(name) && !atAnyTime.includes(name)) {
      warnings.push(`config: "${name}" came after start() and has no effect before the next one; call config first`);
    }
  }
  return { options: next as unknown as Options, warnings };
}

function checked(name: keyof Options, value: unknown): unknown {
  const { says, accepts } = kinds[name];
  if (!accepts(value)) throw new Error(`SyncedCron.config: ${name} is ${says}, got ${show(value)}`);
  return value;
}

function unknown(name: string): string {
  return `config: there is no option "${name}"${didYouMean(name, names())}; there are: ${names().join(', ')}`;
}

function isOption(name: string): name is keyof Options {
  return Object.hasOwn(defaults, name);
}

function names(): string[] {
  return Object.keys(defaults);
}

/** A message about a wrong name lists at most so many. */
const mostNames = 20;

/**
 * The name that a call was given. A call without one is always a mistake.
 *
 * @throws Error that names the call and what it got instead.
 */
export function nameGiven(call: string, name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new Error(`SyncedCron.${call}: name is the name of an entry, got ${show(name)}`);
}

/** The message for a name that no entry has. */
export function unknownEntry(name: string, names: string[]): string {
  const inventory = names.length > 0 ? `there are: ${names.slice(0, mostNames).join(', ')}` : 'there are none';
  return `there is no entry "${name}"${didYouMean(name, names)}; ${inventory}`;
}

/** `pause('one of them')` would pause all. */
export function refuseArguments(call: string, input: unknown[]): void {
  if (input.length === 0) return;
  throw new Error(
    `SyncedCron.${call}: takes no arguments, as it is for all entries, got ${input.map(show).join(', ')}`,
  );
}
