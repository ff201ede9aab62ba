import {
  type AnyCatalog,
  definitionOf,
  didYouMean,
  findSchemaProblems,
  isWellFormed,
  normalForm,
  payloadLimits,
  timeOf,
} from '../catalog';
import { messageOf, show } from '../errors/plain-error';
import type { DataField } from '../queue';

/** Which runs still happen that fell due while no jobs role was there, or none could reach the database. */
export type MissedRuns = 'skip' | 'once' | 'all';

/** When a schedule runs: one of the three. */
type When =
  | {
      /** `30 2 * * 1`: minute, hour, day of the month, month, day of the week. */ cron: string;
      text?: never;
      every?: never;
    }
  | { /** `at 2:30 am on Monday`: a text of later. */ text: string; cron?: never; every?: never }
  | { /** Milliseconds, counted from when the schedule was first put. */ every: number; cron?: never; text?: never };

interface ScheduleOptions {
  /** Unique. A schedule of this name is changed. */
  name: string;
  /** IANA name of the zone of `cron` or `text`. Default: as the setting `cron.utc` says. */
  timezone?: string;
  /** What to do about runs that are more than a minute late. Default: 'skip'. */
  missedRuns?: MissedRuns;
  /** Spreads schedules of one time over so many milliseconds: each runs late by a share that follows from its name. */
  jitter?: number;
  /** A paused schedule has no runs. Default: as it is; a new one runs. */
  paused?: boolean;
  /** No run is later than this. */
  until?: Date;
}

/** What `Schedules.put` takes beside the task type: when to add it, with what. */
export type NewSchedule<Data> = DataField<Data> & ScheduleOptions & When;

/** The same, before it is checked. */
export type UnparsedSchedule = Record<string, unknown>;

/** The input of `put` in its normal form, which is stored and signed. */
export interface ScheduleDefinition {
  cron?: string;
  text?: string;
  every?: number;
  timezone?: string;
  taskType: string;
  /** The version of the type by which `data` was parsed. */
  catalogVersion?: number;
  data: object;
  missedRuns: MissedRuns;
  jitter: number;
  until?: Date;
}

/** A run: the task that the schedule has added, or the reason why it could not. */
export interface ScheduleRun {
  /** The time of the run, by the schedule alone. */
  intendedAt: Date;
  addedAt: Date;
  problem?: string;
}

/** A schedule as it is kept in the collection `taskSchedules`. */
export interface StoredSchedule extends ScheduleDefinition {
  /** Its name. */
  _id: string;
  createdAt: Date;
  changedAt: Date;
  /** Goes up with each change, so that two concurrent changes never mix. */
  revision: number;
  paused: boolean;
  signature?: string;
  /** The next run by the schedule alone. Absent while it is paused, and after its last run. */
  intendedAt?: Date;
  /** When a jobs role handles the next run: `intendedAt` plus the jitter, or the end of a claim. */
  dueAt?: Date;
  /** The claim of the role that adds its tasks right now. A leftover one shows that a role died doing so. */
  claim?: string;
  /** The last runs, the newest last. */
  runs: ScheduleRun[];
  /** Why it has stopped for good: its document is malformed, or its signature does not verify. */
  problem?: string;
}

/** How many runs of each schedule are kept. */
export const runsKept = 30;

const longestName = 200;
const shortestPeriod = 1_000;
const longestJitter = 86_400_000;

/** The `_id` of the task that a run adds: it is one task, however many roles add it, and how often. */
export function taskIdOf(name: string, intendedAt: Date): string {
  return `schedule:${name}:${intendedAt.toISOString()}`;
}

/** The fields that a schedule's signature covers: all that decide what runs and when. */
export function signedPart({ _id, createdAt, ...schedule }: Omit<StoredSchedule, 'runs'>): object {
  const { taskType, data, missedRuns, jitter } = schedule;
  const times = [schedule.cron ?? null, schedule.text ?? null, schedule.every ?? null, schedule.timezone ?? null];
  return [_id, createdAt, taskType, data, missedRuns, jitter, schedule.until ?? null, ...times];
}

/** Why a schedule is not run. */
export const notSigned = 'its signature does not verify: somebody without the key wrote or changed it';

type Check = (value: unknown) => string | undefined;

const isText: Check = value => (typeof value === 'string' && value !== '' ? undefined : 'is not a text');
const isName: Check = value =>
  typeof value === 'string' && value !== '' && value.length <= longestName && isWellFormed(value)
    ? undefined
    : `is not a text of 1 to ${longestName} characters, without half an emoji`;
const isOneOf =
  (...values: unknown[]): Check =>
  value =>
    values.includes(value) ? undefined : `is none of ${values.map(show).join(', ')}`;
const isWithin =
  (min: number, max: number): Check =>
  value =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `is not a whole number of milliseconds from ${min} to ${max}`;

const checks: Record<string, Check> = {
  name: isName,
  cron: isText,
  text: isText,
  every: isWithin(shortestPeriod, Number.MAX_SAFE_INTEGER),
  timezone: isText,
  missedRuns: isOneOf('skip', 'once', 'all'),
  jitter: isWithin(0, longestJitter),
  paused: isOneOf(true, false),
  until: value => (Number.isNaN(timeOf(value)) ? 'is not a valid Date' : undefined),
};

/**
 * Parses the input of `put`.
 *
 * @throws InvalidScheduleError with all problems at once.
 */
export function parseSchedule(
  given: UnparsedSchedule,
  catalog: AnyCatalog,
): { name: string; paused?: boolean; definition: ScheduleDefinition } {
  if (typeof given !== 'object' || given === null) throw new InvalidScheduleError([`${show(given)} is no schedule`]);
  const { data, problems } = parseTask(given, catalog);
  const all = [...fieldProblems(given), ...whenProblems(given), ...problems];
  if (all.length > 0) throw new InvalidScheduleError(all);
  const { name, paused, missedRuns = 'skip', jitter = 0, taskType, until, cron, text, every, timezone } = given;
  const definition = {
    ...present({ cron, text, every, timezone, until: until && new Date(timeOf(until)) }),
    catalogVersion: definitionOf(catalog, taskType).version,
    ...({ taskType, data, missedRuns, jitter } as Pick<
      ScheduleDefinition,
      'taskType' | 'data' | 'missedRuns' | 'jitter'
    >),
  };
  return { name: name as string, ...(paused !== undefined && { paused: paused as boolean }), definition };
}

/** The problems of a stored schedule's task: the catalog may have changed since `put`. */
export function findTaskProblem({ taskType, data }: StoredSchedule, catalog: AnyCatalog): string | undefined {
  const { problems } = parseTask({ taskType, data }, catalog);
  return problems.length > 0 ? problems.join('; ') : undefined;
}

/** The input of `put` is no valid schedule. `problems` has one line for each problem. */
export class InvalidScheduleError extends Error {
  override readonly name = 'InvalidScheduleError';
  constructor(readonly problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${problems.join('\n  ')}`);
  }
}

function parseTask(
  { taskType, data = {} }: UnparsedSchedule,
  catalog: AnyCatalog,
): { data: object; problems: string[] } {
  try {
    const definition = definitionOf(catalog, taskType);
    const { value, problems } = normalForm(data, `${definition.taskType}.data`, payloadLimits);
    const found = problems.length > 0 ? problems : findSchemaProblems(definition, value);
    return { data: value as object, problems: [...found] };
  } catch (error) {
    return { data: {}, problems: [messageOf(error)] };
  }
}

function fieldProblems(given: UnparsedSchedule): string[] {
  const known = ['taskType', 'data', ...Object.keys(checks)];
  const fields = Object.entries({ ...given, name: given.name }).filter(
    ([name, value]) => (value !== undefined || name === 'name') && name !== 'taskType' && name !== 'data',
  );
  return fields.flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) return [`${name}: unknown field of a schedule${didYouMean(name, known)}`];
    const problem = check(value);
    return problem ? [`${name}: ${show(value)} ${problem}`] : [];
  });
}

function whenProblems({ cron, text, every, timezone }: UnparsedSchedule): string[] {
  const said = [cron, text, every].filter(value => value !== undefined);
  if (said.length !== 1) return [`cron, text, every: give one of them, which says when; here are ${said.length}`];
  if (every !== undefined && timezone !== undefined)
    return ['timezone: has no effect on every, which counts elapsed time; leave it out'];
  return [];
}

function present(fields: Record<string, unknown>): Partial<ScheduleDefinition> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
