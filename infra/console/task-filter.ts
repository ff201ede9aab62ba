import type { TaskState } from '../queue';

export const taskTabs = [
  'failed',
  'running',
  'queued',
  'waiting',
  'scheduled',
  'done',
  'cancelled',
  'rejected',
] as const;

/** What the filter bar asks for, read from its text: `type:buildReport error:"no such file" since:2h`. */
export interface TaskFilter {
  type?: string;
  state?: TaskState;
  /** The id, or what it begins with. */
  id?: string;
  /** A `uniqueKey`, or the key of `unique`. */
  key?: string;
  tag?: string;
  /** A fingerprint, or a part of the error's name or message. */
  error?: string;
  owner?: string;
  /** A date, or a span before now: `15m`, `2h`, `7d`. */
  since?: string;
}

export const filterWords = ['type', 'state', 'id', 'key', 'tag', 'error', 'owner', 'since'] as const;
export type FilterWord = (typeof filterWords)[number];

const longestText = 1_000;
const part = /(?:([a-z]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/g;

/**
 * Reads the text of the filter bar. A word without a name is a part of an error, or an id where it looks like one.
 *
 * @throws where a name is unknown or a value is none, with what to write.
 */
export function parseFilter(text: string): TaskFilter {
  if (text.length > longestText) throw new TypeError(`the filter is longer than ${longestText} characters`);
  const filter: Partial<Record<FilterWord, string>> = {};
  for (const [, name, quoted, plain] of text.matchAll(part)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    const word = name ?? (/^[0-9a-z]{13}\w{7}$/.test(value) ? 'id' : 'error');
    if (!(filterWords as readonly string[]).includes(word))
      throw new TypeError(`"${word}:" is unknown; use ${filterWords.map(one => `${one}:`).join(' ')}`);
    filter[word as FilterWord] = value;
  }
  const { state, since } = filter;
  if (state !== undefined && !(taskTabs as readonly string[]).includes(state))
    throw new TypeError(`state: "${state}" is none of ${taskTabs.join(', ')}`);
  if (since !== undefined) sinceDate(since, Date.now());
  return filter as TaskFilter;
}

/** The same as text, to be parsed again. */
export function filterText(filter: TaskFilter): string {
  return filterWords
    .flatMap(word => {
      const value = filter[word];
      return value === undefined || value === '' ? [] : `${word}:${quoted(value)}`;
    })
    .join(' ');
}

const quoted = (value: string) => (/["\s\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value);

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A span such as `15m`, `2h`, `7d` in milliseconds; undefined where it is none. */
export function spanMs(text: string): number | undefined {
  const span = /^(\d{1,6})([smhdw])$/.exec(text);
  return span ? Number(span[1]) * (units[span[2] as string] as number) : undefined;
}

/** @param now in milliseconds. @throws where it is neither a date nor a span. */
export function sinceDate(since: string, now: number): Date {
  const span = spanMs(since);
  const at = span === undefined ? new Date(since) : new Date(now - span);
  if (Number.isNaN(at.getTime())) throw new TypeError(`since: "${since}" is no date and no span such as 15m, 2h or 7d`);
  return at;
}

/** What could be written at the end of the text next: the names, or the known values of the name that is being written. */
export function completions(text: string, values: Partial<Record<FilterWord, readonly string[]>>): string[] {
  const [, before = '', last = ''] = /^(.*?)(\S*)$/.exec(text) ?? [];
  const [name, begun] = last.split(':') as [string, string | undefined];
  if (begun === undefined) return filterWords.filter(word => word.startsWith(name)).map(word => `${before}${word}:`);
  const known =
    values[name as FilterWord] ?? (name === 'state' ? taskTabs : name === 'since' ? ['15m', '1h', '24h', '7d'] : []);
  return known
    .filter(value => value.startsWith(begun) && value !== begun)
    .slice(0, 20)
    .map(value => `${before}${name}:${quoted(value)} `);
}
