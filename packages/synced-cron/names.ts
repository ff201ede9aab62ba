import { show } from './errors/plain-error';
import { didYouMean } from './nearest';

/** So many names are said to somebody who has mistaken one. */
const mostNames = 20;

/**
 * The name that a call was given. That there is none is a slip, whatever the call was meant to do.
 *
 * @throws Error that names the call and what it got instead.
 */
export function nameGiven(call: string, name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new Error(`SyncedCron.${call}: name is the name of an entry, got ${show(name)}`);
}

/** What is said of a name that no entry has. */
export function unknownEntry(name: string, names: string[]): string {
  const inventory = names.length > 0 ? `there are: ${names.slice(0, mostNames).join(', ')}` : 'there are none';
  return `there is no entry "${name}"${didYouMean(name, names)}; ${inventory}`;
}

/** `pause('one of them')` would pause all. */
export function refuseArguments(call: string, given: unknown[]): void {
  if (given.length === 0) return;
  throw new Error(
    `SyncedCron.${call}: takes no arguments, as it is for all entries, got ${given.map(show).join(', ')}`,
  );
}
