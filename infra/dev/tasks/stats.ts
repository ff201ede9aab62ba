import type { Figures } from '../../queue';
import type { Asked } from './arguments';
import type { OpenQueue } from './open';
import { count, duration, type Output, table } from './output';
import { sinceOf } from './selector';

const hour = 3_600_000;

/** `stats`: each task type now, what has happened to it since then, and who lives. */
export async function stats(open: OpenQueue, { flags }: Asked, output: Output): Promise<void> {
  const { queue, core, registry, clock } = open;
  const now = clock.now();
  const { since = '1h' } = flags;
  const from = sinceOf(since, now);
  const [counts, figures, paused, processes, works] = await Promise.all([
    queue.counts(),
    queue.statistics.byType({ level: levelOf(now.getTime() - from.getTime()), from }),
    core.pauses.read(),
    registry.list(),
    queue.bulkWorks(),
  ]);
  const types = Object.keys({ ...core.catalog, ...counts.byType }).map(taskType => {
    const { queued = 0, running = 0, scheduled = 0, waiting = 0, oldestQueued } = counts.byType[taskType] ?? {};
    const isPaused = paused.all || paused.types.has(taskType);
    const oldestMs = oldestQueued && now.getTime() - oldestQueued.getTime();
    return { taskType, isPaused, queued, running, scheduled, waiting, oldestMs, figures: figures.get(taskType) };
  });
  const running = works.filter(({ state }) => state === 'running');
  if (output.json)
    return output.data({
      since: from,
      types,
      processes,
      paused: [...paused.types],
      pausedAll: paused.all,
      bulkWork: running,
    });
  output.line(
    table(
      headOf(since),
      types.map(type => rowOf(type)),
    ),
  );
  if (counts.limited) output.line(`\n${counts.limit.toLocaleString('en')} means at least as many`);
  output.line(`\n${livingText(processes)}`);
  for (const { kind, done, skipped, of } of running)
    output.line(`${kind} of all that match is under way: ${done + skipped} of ${of ?? '…'}`);
}

/** Minutes are kept for a day, hours for 31; and no answer may be too long. */
function levelOf(ms: number): 'minute' | 'hour' | 'day' {
  if (ms <= 2 * hour) return 'minute';
  return ms <= 72 * hour ? 'hour' : 'day';
}

const headOf = (since: string) => [
  'type',
  'queued',
  'oldest',
  'running',
  'scheduled',
  'waiting',
  `done ${since}`,
  'failed',
  'retried',
  'wait p95',
  'run p95',
  '',
];

interface TypeNow {
  taskType: string;
  isPaused: boolean;
  queued: number;
  running: number;
  scheduled: number;
  waiting: number;
  oldestMs: number | undefined;
  figures: Figures | undefined;
}

function rowOf({ taskType, isPaused, queued, oldestMs, running, scheduled, waiting, figures }: TypeNow) {
  const ms = (value: number | undefined) => (value === undefined ? undefined : duration(value));
  const { done = 0, failed = 0, retried = 0, wait, run } = figures ?? {};
  return [
    taskType,
    queued,
    ms(oldestMs),
    running,
    scheduled,
    waiting,
    done,
    failed,
    retried,
    ms(wait?.p95Ms),
    ms(run?.p95Ms),
    isPaused ? 'paused' : undefined,
  ];
}

function livingText(processes: readonly { role: string; version: string; commit: string }[]): string {
  if (processes.length === 0) return 'No role lives here';
  const byRole = new Map<string, number>();
  for (const { role, version, commit } of processes) {
    const name = `${role} ${version} ${commit.slice(0, 12)}`;
    byRole.set(name, (byRole.get(name) ?? 0) + 1);
  }
  return [...byRole].map(([name, number]) => `${count(number, 'process', 'processes')} of ${name}`).join('\n');
}
