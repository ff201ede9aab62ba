import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import type { PayloadFields } from './payload-language';

/**
 * What comes of a task whose key another one has: `keep` that one and add nothing, `replace` its payload where it has not
 * begun, or `refuse` the new one with an error.
 */
export const uniqueChoices = ['keep', 'replace', 'refuse'] as const;
export type UniqueChoice = (typeof uniqueChoices)[number];

/** For how long a task has its key, and what comes of others with the same. All times are milliseconds. */
export interface UniqueSpan {
  /**
   * With `keep` and `refuse`: it has its key for so long since it was added, and until it begins. With `replace`: it starts
   * so long after the last one was added. Default: with `keep` and `refuse` until it has finished, with `replace` until it
   * begins, and no start is put off.
   */
  readonly for?: number;
  /** Default: 'keep'. */
  readonly on?: UniqueChoice;
  /** With `replace` and `for`: it starts at the latest so long after the first one was added. Default: 10 times `for`. */
  readonly atLatest?: number;
}

/** What a task type says: `key` names the field of the payload (or several) whose values make the key. Default: all. */
export interface UniqueFields<Fields extends PayloadFields = PayloadFields> extends UniqueSpan {
  readonly key?: (keyof Fields & string) | readonly (keyof Fields & string)[];
}

/** What a task says: `key` is the key itself. It is unique among the tasks of its type. */
export interface UniqueKey extends UniqueSpan {
  readonly key: string;
}

/** The same with every default filled in. */
export interface UniqueRule {
  readonly for?: number;
  readonly on: UniqueChoice;
  readonly atLatest?: number;
}

/** The rule of a task type; without `key` the whole payload is the key. */
export interface UniqueTypeRule extends UniqueRule {
  readonly key?: readonly string[];
}

const defaultAtLatest = 10;
/** As long as the longest timer, as everywhere. */
const longest = 2 ** 31 - 1;
const known = ['key', 'for', 'on', 'atLatest'];

/** Fills in the defaults. Expects what `findUniqueProblems` has nothing against. */
export function resolveUnique({ for: span, on = 'keep', atLatest }: UniqueSpan): UniqueRule {
  if (span === undefined) return { on };
  return on === 'replace'
    ? { on, for: span, atLatest: atLatest ?? Math.min(longest, span * defaultAtLatest) }
    : { on, for: span };
}

/**
 * What is wrong with a `unique`, all but its key; a line for each.
 *
 * @param doneKeptMs how long the type keeps what is done: a span holds no longer.
 */
export function findUniqueProblems(given: unknown, path: string, doneKeptMs: number): string[] {
  if (typeof given !== 'object' || given === null)
    return [`${path}: ${show(given)} is not an object like { key, for, on }`];
  const { for: span, on, atLatest } = given as Record<string, unknown>;
  const problems = Object.keys(given).flatMap(name =>
    known.includes(name) ? [] : [`${path}.${name}: unknown option${didYouMean(name, known)}`],
  );
  if (on !== undefined && !uniqueChoices.includes(on as UniqueChoice))
    problems.push(
      `${path}.on: ${show(on)} is none of ${uniqueChoices.join(', ')}${didYouMean(String(on), uniqueChoices)}`,
    );
  for (const [name, ms] of Object.entries({ for: span, atLatest }))
    if (ms !== undefined && !isSpan(ms))
      problems.push(`${path}.${name}: ${show(ms)} is not a number of milliseconds from 1 to ${longest}`);
  if (problems.length > 0) return problems;
  return [...latestProblems(span, on, atLatest, path), ...keptProblems(span, on, doneKeptMs, path)];
}

function latestProblems(span: unknown, on: unknown, atLatest: unknown, path: string): string[] {
  if (atLatest === undefined) return [];
  if (on !== 'replace' || span === undefined)
    return [`${path}.atLatest: says nothing without on: 'replace' and for, which put a start off`];
  return (atLatest as number) < (span as number)
    ? [`${path}.atLatest: ${atLatest} is below for, which is ${span}`]
    : [];
}

function keptProblems(span: unknown, on: unknown, doneKeptMs: number, path: string): string[] {
  if (on === 'replace' || span === undefined || (span as number) <= doneKeptMs) return [];
  return [`${path}.for: ${span} is longer than what is done is kept (retention.done: ${doneKeptMs}), and so no span`];
}

function isSpan(ms: unknown): boolean {
  return Number.isInteger(ms) && (ms as number) >= 1 && (ms as number) <= longest;
}
