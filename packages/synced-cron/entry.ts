import { distance } from 'fastest-levenshtein';
import { messageOf, show } from './errors/plain-error';
import { isWellFormed } from './form/value-kinds';
import { readSchedule, type ScheduleFunction } from './parse/parser';
import { Timetable } from './time/timetable';
import { Zone } from './time/zone';

export type MissedRuns = 'skip' | 'once' | 'all';

/** What `SyncedCron.add` takes. `schedule` and `job` are called with the entry as `this`. */
export interface Entry {
  /** Unique: the history, the leases and the messages use it. */
  name: string;
  /** Makes the schedule with later's parsers: `parser => parser.text('every 10 minutes')`. */
  schedule: ScheduleFunction;
  /** The work; may return a promise. The history keeps its result or its error. */
  job(intendedAt: Date, name: string): unknown;
  /** false: no history, and every process runs the job. Default: true. */
  persist?: boolean;
  /** IANA name of the time zone of the schedule ("Europe/Berlin"). Default: by the option `utc`. */
  timezone?: string;
  /** What the start does about runs that were missed while no process was there. Default: 'skip'. */
  missedRuns?: MissedRuns;
  /** For how many missed runs 'all' makes up at most, the newest ones. Default: 100. */
  missedRunsLimit?: number;
  /** true: a run starts even while the one before is still at work. Default: false. */
  allowParallelExecution?: boolean;
  /** Milliseconds after which a run that is still at work no longer holds up the next. Default: never. */
  timeoutToConsiderRunningForParallelExecution?: number;
  /** Called when a run has succeeded and is recorded. */
  onSuccess?(run: { intendedAt: Date; name: string; output: unknown }): unknown;
  /** Called when a run has failed and is recorded. */
  onError?(run: { intendedAt: Date; name: string; error: unknown }): unknown;
}

/** For how many missed runs `missedRuns: 'all'` makes up by default. */
export const defaultMissedRunsLimit = 100;

const shortestTypo = 6;

type Check = { says: string; accepts(value: unknown): boolean };

const isFunction = (value: unknown) => typeof value === 'function';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 1;

const required: Record<string, Check> = {
  name: {
    says: 'a name that is not empty, without half a surrogate pair',
    accepts: value => typeof value === 'string' && value !== '' && isWellFormed(value),
  },
  schedule: { says: 'a function of a parser, as parser => parser.text("every 10 minutes")', accepts: isFunction },
  job: { says: 'a function', accepts: isFunction },
};

const optional: Record<string, Check> = {
  persist: { says: 'true or false', accepts: isBoolean },
  timezone: { says: 'an IANA time zone such as "Europe/Berlin"', accepts: value => Zone.exists(value) },
  missedRuns: {
    says: "'skip', 'once' or 'all'",
    accepts: value => ['skip', 'once', 'all'].includes(value as MissedRuns),
  },
  missedRunsLimit: { says: 'a whole number from 1 on', accepts: isCount },
  allowParallelExecution: { says: 'true or false', accepts: isBoolean },
  timeoutToConsiderRunningForParallelExecution: { says: 'a whole number of milliseconds', accepts: isCount },
  onSuccess: { says: 'a function', accepts: isFunction },
  onError: { says: 'a function', accepts: isFunction },
};

/**
 * Checks the input of `add`.
 *
 * @returns warnings of fields that look like a misspelled option, and of options without effect.
 * @throws Error that names the field, its value and what it takes.
 */
export function checkEntry(entry: Entry): string[] {
  if (!entry || typeof entry !== 'object') throw new Error(`SyncedCron.add: an entry is an object, got ${show(entry)}`);
  const fields = entry as unknown as Record<string, unknown>;
  for (const [field, check] of Object.entries(required)) refuse(entry, field, check, fields[field]);
  for (const [field, check] of Object.entries(optional)) {
    if (fields[field] !== undefined) refuse(entry, field, check, fields[field]);
  }
  return [...Object.keys(fields).flatMap(field => misspelled(entry.name, field)), ...pointless(entry)];
}

/**
 * Reads an entry's schedule.
 *
 * @returns its timetable and warnings.
 * @throws Error that names the entry, and the part of its schedule that doesn't parse or can never happen.
 */
export function timetableOf(entry: Entry, utc: boolean): { timetable: Timetable; warnings: string[] } {
  try {
    const { schedule, hint, warnings } = readSchedule(entry.schedule, entry);
    const timetable = new Timetable(schedule, zoneOf(entry, utc), hint);
    if (timetable.next(0) === undefined) throw new Error('the schedule never happens: it has no date at all');
    return { timetable, warnings };
  } catch (cause) {
    throw new Error(`SyncedCron: "${entry.name}": ${messageOf(cause)}`, { cause });
  }
}

/**
 * Whether two entries of one name have equal fields. Functions with the same text may still close over different
 * values, so another function counts as another schedule or job.
 */
export function isSameEntry(one: Entry, other: Entry): boolean {
  const names = [...Object.keys(required), ...Object.keys(optional), ...Object.keys(one), ...Object.keys(other)];
  const [fields, others] = [one, other] as unknown as Record<string, unknown>[];
  return names.every(name => Object.is(fields![name], others![name]));
}

/** Whether the processes agree on who runs it. */
export function isShared({ persist }: Entry): boolean {
  return persist !== false;
}

function zoneOf({ timezone }: Entry, utc: boolean): Zone {
  if (timezone) return Zone.of(timezone);
  return utc ? Zone.of('UTC') : Zone.ofMachine();
}

function refuse({ name }: Entry, field: string, { says, accepts }: Check, value: unknown): void {
  if (accepts(value)) return;
  const which = field === 'name' ? '' : ` of "${name}"`;
  throw new Error(`SyncedCron.add: ${field}${which} is ${says}, got ${show(value)}`);
}

function misspelled(name: string, field: string): string[] {
  const known = [...Object.keys(required), ...Object.keys(optional)];
  // An entry may have fields of its own, for its job: a short name resembles any option.
  const isNear = (option: string) =>
    distance(option.toLowerCase(), field.toLowerCase()) <= (option.length > shortestTypo ? 2 : 0);
  const meant = known.includes(field) ? undefined : known.find(isNear);
  return meant ? [`"${name}": there is no option "${field}"; did you mean "${meant}"?`] : [];
}

/** Refuses options that can't work together: `add` accepts no option that it would drop. */
function pointless(entry: Entry): string[] {
  const { name, missedRuns = 'skip' } = entry;
  const without = (option: string, needed: string) => `"${name}": ${option} has no effect without ${needed}`;
  const warnings: string[] = [];
  if (missedRuns !== 'skip' && !isShared(entry)) warnings.push(without('missedRuns', 'persist, as no history is kept'));
  if (entry.missedRunsLimit && missedRuns !== 'all') warnings.push(without('missedRunsLimit', "missedRuns: 'all'"));
  if (entry.timeoutToConsiderRunningForParallelExecution) {
    if (!isShared(entry)) warnings.push(without('timeoutToConsiderRunningForParallelExecution', 'persist'));
    else if (entry.allowParallelExecution) {
      warnings.push(`"${name}": timeoutToConsiderRunningForParallelExecution has no effect, as its runs may overlap`);
    }
  }
  return warnings;
}
