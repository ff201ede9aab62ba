import later, { type ScheduleData } from '@breejs/later';
import type { Hint } from '../time/kind';

/** A schedule in later's form, with what only its source tells: how to take the hours, and what to warn of. */
export interface Parsed {
  schedule: ScheduleData;
  hint: Hint;
  warnings: string[];
}

/** "every minute" means "every 1 minute"; later takes the bare form for an error and goes on with minute 0 only. */
const bareEvery = /\bevery\s+(?=(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|weeks?|months?|years?)\b)/gi;
const everySo = /\bevery\s+(\d+)(?:st|nd|rd|th)?\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|h)\b/gi;
const mostOf: Record<string, number> = { s: 60, m: 60, h: 24 };

/**
 * Parses later's schedule texts ("at 2:30 am", "every 10 minutes").
 *
 * @throws Error with the text and where it stopped.
 */
export function parseText(text: string): Parsed {
  if (typeof text !== 'string' || !text.trim()) {
    throw new Error(`the schedule text ${JSON.stringify(text)} is empty: write for example "every 10 minutes"`);
  }
  const whole = text.trim().replace(bareEvery, 'every 1 ');
  const schedule = later.parse.text(whole);
  if ((schedule.error ?? -1) >= 0) throw new Error(stoppedAt(text, whole.slice(schedule.error)));
  const steps = [...whole.matchAll(everySo)];
  return {
    schedule,
    hint: steps.some(([, , unit]) => /^h/i.test(unit!)) ? { hours: 'stepping' } : {},
    warnings: steps.flatMap(([step, count, unit]) => tooLong(step, Number(count), unit!)),
  };
}

function stoppedAt(text: string, rest: string): string {
  const what = rest.trim();
  const position = what ? text.toLowerCase().lastIndexOf(what.toLowerCase()) : text.length;
  const where = what ? `before "${what}"` : 'at its end';
  return (
    `the schedule text "${text}" doesn't parse: it stopped ${where} (position ${position}). ` +
    'Texts look like "every 10 minutes", "at 2:30 am on Monday"; see the texts of later.js'
  );
}

/** later counts minutes within their hour: "every 90 minutes" is minute 0 of each hour, not every hour and a half. */
function tooLong(step: string, count: number, unit: string): string[] {
  const most = mostOf[unit[0]!.toLowerCase()]!;
  if (count <= most) return [];
  return [`"${step}" counts from 0 to ${most - 1} and starts again: it runs like "every ${most} ${unit}"`];
}
