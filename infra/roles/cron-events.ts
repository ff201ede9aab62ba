const ranElsewhere = 'cron.ranElsewhere';

/** What SyncedCron says, as events: `cron.finished { schedule }` and so on. */
const sentences: [RegExp, string][] = [
  [/^Starting "(.+?)"/s, 'cron.started'],
  [/^Finished "(.+?)"/s, 'cron.finished'],
  [/^Exception "(.+?)"/s, 'cron.failed'],
  [/^Skipping "(.+?)"/s, 'cron.skipped'],
  [/^Not running "(.+?)"/s, ranElsewhere],
  [/^Scheduled "(.+?)"/s, 'cron.scheduled'],
  [/^Removed "(.+?)"/s, 'cron.removed'],
];

export interface CronEvent {
  name: string;
  fields: { schedule?: string; message: string; level: string };
}

/** @param log whether runs are worth a line; metrics count every one of them. */
export function cronEvent({ level, message }: { level: string; message: string }, log = true): CronEvent {
  const found = sentences.find(([pattern]) => pattern.test(message));
  const name = found?.[1] ?? 'cron.said';
  const schedule = found?.[0].exec(message)?.[1];
  // Of several jobs roles one runs an occurrence, and says so; the others need not say that they did not.
  const quiet = level === 'info' && (!log || name === ranElsewhere);
  return { name, fields: { ...(schedule && { schedule }), message, level: quiet ? 'debug' : level } };
}
