import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import { findRateProblems } from './option-problems';
import type { RateLimit } from './task-options';

/** What a rate comes to: at most `max` in any span of `per` milliseconds. */
export interface RateWindow {
  readonly max: number;
  readonly per: number;
}

/** Evenly spaced means one in any shorter span. */
export function windowOf({ max, per, spread = false }: RateLimit): RateWindow {
  return spread ? { max: 1, per: Math.ceil(per / max) } : { max, per };
}

/** The fields of the payload whose values are counted apart; none: the type as a whole. */
export function rateKeyFields({ key = [] }: RateLimit): readonly string[] {
  return [key].flat();
}

/** The rates of an app by name, for calls inside handlers: `context.rate`. */
export type NamedRates = { readonly [name: string]: RateWindow };

/**
 * Declares the rates that handlers take from by `context.rate(name)`, once for the compiler and for the running program.
 *
 * @example export const rates = defineRates({ stripe: { max: 10, per: 1_000 } });
 * @throws one Error with every problem of every rate, each with its field, value and what to do.
 */
export function defineRates<const R extends NamedRates>(rates: R): R {
  const problems = findNamedRateProblems(rates);
  if (problems.length > 0) throw new Error(`The rates are not valid:\n  ${problems.join('\n  ')}`);
  return Object.freeze(rates);
}

/** What is wrong with named rates; a line for each. */
export function findNamedRateProblems(rates: NamedRates): string[] {
  return Object.entries(rates).flatMap(([name, rate]) => {
    const isName = /^[A-Za-z_][\w-]*$/.test(name);
    const own = isName ? [] : [`${name}: a rate's name is made of letters, digits, _ and -, and begins with a letter`];
    return [...own, ...findRateProblems(rate, `rates.${name}`)];
  });
}

/** @throws where the app has no such rate, or the cost is none that it can ever grant. */
export function namedRateOf(rates: NamedRates, name: unknown, cost: unknown): { name: string; window: RateWindow } {
  const names = Object.keys(rates);
  if (typeof name !== 'string' || !names.includes(name)) {
    const hint = didYouMean(String(name), names) || '; imports/app.ts gives them to defineApp as rates';
    throw new TypeError(`rate: ${show(name)}: the app has no such rate${hint}`);
  }
  const window = rates[name] as RateWindow;
  if (!Number.isSafeInteger(cost) || (cost as number) < 1)
    throw new TypeError(`rate: cost: ${show(cost)} is not a whole number from 1 on`);
  if ((cost as number) > window.max)
    throw new TypeError(`rate: cost: ${cost} is more than ${name} ever grants in one span (max: ${window.max})`);
  return { name, window };
}
