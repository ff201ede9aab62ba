import { toString as inWords } from 'cronstrue';
import type { Collection, Db } from 'mongodb';
import { type AnyCatalog, redacted } from '../../catalog';
import { clip } from '../../errors/plain-error';
import { jobs, type LiveSchedule } from '../../link';
import type { RunInfo, ScheduleInfo } from '../../schedules';
import type { CodePause } from '../../schedules/code-pauses';
import { cached } from '../../timing/cached';
import { maxTimeMS, textIn, type ViewDeps, view } from './view';

const onePage = 20;
const runsShown = 30;
const nextShown = 5;
const mostOfCode = 100;
const longestWhy = 300;
const runsIndex = 'runsOfSchedule';
const historyKept = { forMs: 3_000, waitMs: 5_000 };

/** One run: a dot. */
export interface ShownRun {
  at: Date;
  /** The state of its task, `running`, `done` or `failed`, or `gone` where its task is not there any more. */
  outcome: string;
  taskId?: string;
  why?: string;
}

/** A schedule of the app's code, or a stored one. */
export interface ShownSchedule {
  _id: string;
  name: string;
  /** When, in plain words. */
  words: string;
  /** As it is written, where the words are not that already. */
  written?: string;
  timezone?: string;
  next: Date[];
  runs: ShownRun[];
  /** Who has paused it, and when: of one of the code only. */
  pause?: { by: string; since: Date };
  /** What can be edited: of a stored one only. */
  stored?: {
    paused: boolean;
    taskType: string;
    /** The payload as JSON. */
    data: string;
    missedRuns: string;
    jitter: number;
    cron?: string;
    text?: string;
    every?: number;
    until?: Date;
    /** Why it has stopped for good. */
    problem?: string;
  };
}

/** A record of the history that `SyncedCron` writes. */
interface CronRun {
  name: string;
  intendedAt: Date;
  finishedAt?: Date;
  error?: unknown;
}

/** By which the last runs of one schedule are found among those of all. */
export async function ensureRunsIndex(db: Db, cronHistory: string): Promise<void> {
  await db.collection(cronHistory).createIndex({ name: 1, intendedAt: -1 }, { name: runsIndex });
}

/** The schedules of the app's code, and the stored ones page by page. */
export function schedulesView({ queue, schedules, cronHistory, codePauses }: ViewDeps) {
  const history = cached(() => lastRuns(queue.core.db.collection<CronRun>(cronHistory), ofCode()), historyKept);
  return view({
    parse: params => ({ after: textIn(params, 'after') }),
    look: async ({ after }) => {
      const found = await schedules.list({ limit: onePage + 1, ...(after !== undefined && { after }) });
      const shown = found.slice(0, onePage);
      const names = shown.map(({ name }) => name);
      const code = after === undefined ? ofCode() : [];
      const [runs, runsOfCode, pauses] = await Promise.all([
        schedules.runsOf(names),
        code.length > 0 ? history() : new Map<string, ShownRun[]>(),
        code.length > 0 ? codePauses.read(code.map(({ name }) => name)) : new Map<string, CodePause>(),
      ]);
      const stored = shown.map(schedule =>
        shownStored(
          queue.core.catalog,
          schedule,
          schedules.upcoming(schedule, nextShown),
          runs.get(schedule.name) ?? [],
        ),
      );
      const shownCode = code.map(one => shownOfCode(one, runsOfCode.get(one.name) ?? [], pauses.get(one.name)));
      return {
        rows: [...shownCode, ...stored] as ShownSchedule[],
        taskTypes: Object.keys(queue.core.catalog),
        linked: jobs.live().length > 0,
        ...(found.length > onePage && { next: names.at(-1) as string }),
      };
    },
  });
}

/** Several jobs roles run the same ones: one of them is enough to be seen. */
function ofCode(): LiveSchedule[] {
  const byName = new Map(jobs.live().flatMap(({ schedules }) => schedules.map(one => [one.name, one] as const)));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, mostOfCode);
}

async function lastRuns(
  history: Collection<CronRun>,
  shown: readonly LiveSchedule[],
): Promise<Map<string, ShownRun[]>> {
  const projection = { name: 1, intendedAt: 1, finishedAt: 1, error: 1 };
  const lists = await Promise.all(
    shown.map(async ({ name }) => {
      const found = history.find({ name }, { projection, maxTimeMS, hint: runsIndex });
      return [name, (await found.sort({ intendedAt: -1 }).limit(runsShown).toArray()).map(shownCronRun)] as const;
    }),
  );
  return new Map(lists);
}

function shownCronRun({ intendedAt, finishedAt, error }: CronRun): ShownRun {
  if (!finishedAt) return { at: intendedAt, outcome: 'running' };
  if (error === undefined) return { at: intendedAt, outcome: 'done' };
  return { at: intendedAt, outcome: 'failed', why: clip(`${error}`.split('\n')[0] ?? '', longestWhy) };
}

function shownOfCode(
  { name, cron, text, timezone, next, nextAt }: LiveSchedule,
  runs: ShownRun[],
  pause: CodePause | undefined,
): ShownSchedule {
  const isPaused = pause !== undefined && pause.until === undefined;
  return {
    _id: `code ${name}`,
    name,
    ...timesOf({ cron, text }),
    ...(timezone !== undefined && { timezone }),
    next: isPaused ? [] : (next ?? (nextAt ? [nextAt] : [])),
    runs,
    ...(isPaused && { pause: { by: pause.by, since: pause.since } }),
  };
}

function shownStored(catalog: AnyCatalog, schedule: ScheduleInfo, next: Date[], runs: RunInfo[]): ShownSchedule {
  const { name, timezone, cron, text, every, paused, taskType, data, missedRuns, jitter, until, problem } = schedule;
  const times = { cron, text, every };
  const written = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  return {
    _id: `stored ${name}`,
    name,
    ...timesOf(times),
    ...(timezone !== undefined && { timezone }),
    next,
    runs: runs.map(shownRun),
    stored: {
      ...{
        ...written,
        paused,
        taskType,
        missedRuns,
        jitter,
        data: JSON.stringify(redacted(catalog, taskType, data ?? {}), null, 2),
      },
      ...(until && { until }),
      ...(problem !== undefined && { problem }),
    },
  };
}

function shownRun({ intendedAt, taskId, problem, state, error }: RunInfo): ShownRun {
  if (problem !== undefined) return { at: intendedAt, outcome: 'failed', why: clip(problem, longestWhy) };
  if (state === undefined) return { at: intendedAt, outcome: 'gone' };
  return { at: intendedAt, outcome: state, taskId, ...(error && { why: clip(error.message, longestWhy) }) };
}

type Times = { cron?: string | undefined; text?: string | undefined; every?: number | undefined };

/** When, in plain words; cron's own words stand beside them. */
function timesOf({ cron, text, every }: Times): Pick<ShownSchedule, 'words' | 'written'> {
  if (every !== undefined) return { words: `Every ${spanOf(every)}` };
  if (text !== undefined) return { words: text };
  return cron === undefined ? { words: 'By its code' } : { words: cronInWords(cron), written: cron };
}

function cronInWords(cron: string): string {
  try {
    return inWords(cron, { use24HourTimeFormat: true, verbose: true });
  } catch {
    return 'By an expression that has no words';
  }
}

const units: [unit: string, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** In the greatest unit of which it is a whole number. */
function spanOf(ms: number): string {
  const [unit, unitMs] = units.find(([, each]) => ms % each === 0) ?? ['millisecond', 1];
  const count = ms / unitMs;
  return count === 1 ? unit : `${count.toLocaleString('en')} ${unit}s`;
}
