/** What stands in the line's head or is of no use to a person. */
const notShown = new Set(['level', 'time', 'pid', 'msg', 'event', 'error', 'taskType', 'taskId', 'runId']);

/**
 * One JSON line of the log as a line for people:
 * `2026-11-21T15:04:05.123Z:tandem:cluster:buildReport:Ab3 done in 12 ms`, then what else the event holds.
 */
export function readable(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const level = entry.level === 'warn' || entry.level === 'error' ? `${String(entry.level).toUpperCase()} ` : '';
  const details = Object.entries(entry).filter(([name, value]) => !notShown.has(name) && value !== undefined);
  const rest = details.map(([name, value]) => ` ${name}=${printed(value)}`).join('');
  return `${head(entry)} ${level}${entry.msg}${rest}${errorLines(entry.error)}\n`;
}

/** meteor-cluster's head for a task's lines, a shorter one of the same make for all others. */
function head({ time, event, taskType, taskId }: Record<string, unknown>): string {
  if (taskType && taskId) return `${time}:tandem:cluster:${taskType}:${taskId}`;
  const area = typeof event === 'string' ? event.split('.')[0] : 'log';
  return `${time}:tandem:${area}`;
}

function printed(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}

function errorLines(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === undefined ? '' : `: ${error}`;
  const { name, message, stack } = error as { name?: string; message?: string; stack?: string };
  return `: ${stack ?? `${name}: ${message}`}`.replaceAll('\n', '\n    ');
}
