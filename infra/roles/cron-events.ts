import type { LogEntry, LogEvent } from '../../packages/synced-cron/log';

/**
 * What SyncedCron reports, as one of our events: `cron.finished { schedule }` and so on.
 *
 * @param log whether runs are worth a line; metrics count every one of them.
 */
export function cronEvent(
  { level, message }: Pick<LogEntry, 'level' | 'message'>,
  { event, entry }: LogEvent,
  log = true,
): { name: string; fields: { schedule?: string; message: string; level: string } } {
  // One of several jobs roles runs an occurrence and logs it; the others need not log that they did not.
  const quiet = level === 'info' && (!log || event === 'ranElsewhere');
  const schedule = entry === undefined ? {} : { schedule: entry };
  return { name: `cron.${event}`, fields: { ...schedule, message, level: quiet ? 'debug' : level } };
}
