import later, { type ScheduleData } from '@breejs/later';
import { show } from '../errors/plain-error';
import type { Hint } from '../time/kind';

/** A schedule in later's form, with the facts that only its source has: the meaning of the hours, and the warnings. */
export interface Parsed {
  schedule: ScheduleData;
  hint: Hint;
  warnings: string[];
}

const units = '(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|weeks?|months?|years?)';
/** "every minute" means "every 1 minute"; later takes the bare form for an error and goes on with minute 0 only. */
const missingOne = new RegExp(`(?<=\\bevery\\s+)(?=${units}\\b)`, 'gi');
const one = '1 ';
const examples = 'Texts look like "every 10 minutes", "at 2:30 am on Monday"; see the texts of later.js';
const everySo = new RegExp(`\\bevery\\s+(\\d+)(?:st|nd|rd|th)?\\s*(${units})\\b(?! of the)`, 'gi');
/** How far later counts in each unit before it starts again; by the unit's first letters. */
const cycles: [RegExp, number][] = [
  [/^s/, 60],
  [/^mo/, 12],
  [/^m/, 60],
  [/^h/, 24],
  [/^d/, 31],
  [/^w/, 53],
];

/**
 * Parses later's schedule texts ("at 2:30 am", "every 10 minutes").
 *
 * @throws Error with the text and where it stopped.
 */
export function parseText(text: string): Parsed {
  if (typeof text !== 'string' || !text.trim()) {
    throw new Error(`the schedule text ${show(text)} is empty: write for example "every 10 minutes"`);
  }
  const whole = text.trimEnd().replace(missingOne, one);
  const schedule = read(whole, text);
  if ((schedule.error ?? -1) >= 0) throw new Error(stoppedAt(text, positionIn(text, schedule.error!)));
  const steps = [...whole.matchAll(everySo)];
  const nothing = steps.find(([, count]) => Number(count) === 0);
  if (nothing) throw new Error(stoppedAt(text, text.toLowerCase().indexOf(nothing[0].toLowerCase())));
  return {
    schedule,
    hint: steps.some(([, , unit]) => /^h/i.test(unit!)) ? { hours: 'stepping' } : {},
    warnings: steps.flatMap(([step, count, unit]) => tooLong(step, Number(count), unit!.toLowerCase())),
  };
}

/** later stumbles over some texts ("every between and") instead of saying where it stopped. */
function read(whole: string, text: string): ReturnType<typeof later.parse.text> {
  try {
    return later.parse.text(whole);
  } catch (cause) {
    throw new Error(`the schedule text "${text}" doesn't parse. ${examples}`, { cause });
  }
}

/** The position in the original text, without the "1" that this adds for later. */
function positionIn(text: string, error: number): number {
  const added = [...text.matchAll(missingOne)].filter(({ index }, nth) => index + nth * one.length < error);
  const position = error - added.length * one.length;
  return position + text.slice(position).search(/\S|$/);
}

function stoppedAt(text: string, position: number): string {
  const rest = text.slice(position).trim();
  return (
    `the schedule text "${text}" doesn't parse: it stopped ${rest ? `before "${rest}"` : 'at its end'} ` +
    `(position ${position}). ${examples}`
  );
}

/** later counts minutes within their hour: "every 90 minutes" is minute 0 of each hour, not every hour and a half. */
function tooLong(step: string, count: number, unit: string): string[] {
  const max = cycles.find(([first]) => first.test(unit))?.[1];
  if (!max || count <= max) return [];
  return [`"${step}" is counted within ${max} ${unit} and begins again: it runs like "every ${max} ${unit}"`];
}
