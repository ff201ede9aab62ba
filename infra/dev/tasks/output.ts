import { oneLine } from '../../monitor/one-line';

/** Where a command writes: results on stdout, in words or as JSON, and what else it has to say on stderr. */
export interface Output {
  json: boolean;
  line(text: string): void;
  data(value: unknown): void;
  /** Beside the result: a program that reads stdout does not see it. */
  note(text: string): void;
  problem(text: string): void;
}

export function outputOf(json: boolean): Output {
  return {
    json,
    line: text => console.log(text),
    data: value => console.log(JSON.stringify(value, null, 2)),
    note: text => console.error(text),
    problem: text => console.error(text),
  };
}

const longestCell = 100;

/**
 * Aligned columns, for a person. What does not fit into a cell is cut: it is all in --json. Numbers stand at the right.
 *
 * @param rows of texts and numbers; undefined is an empty cell.
 */
export function table(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const texts = rows.map(row => row.map(cell => cut(oneLine(String(cell ?? '')))));
  const isNumeric = header.map((_, column) => rows.every(row => ['number', 'undefined'].includes(typeof row[column])));
  const widths = header.map((name, column) => Math.max(name.length, ...texts.map(row => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [header, ...texts].map(line).join('\n');
}

/** Names and what they are, one a line; what is undefined is left out. */
export function fields(pairs: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(pairs).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function cut(text: string): string {
  return text.length <= longestCell ? text : `${text.slice(0, longestCell - 1)}…`;
}

const steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration in its largest unit: `3 d`, `12 min`, `40 ms`. */
export function duration(ms: number): string {
  const [unit, size] = steps.find(([, least]) => Math.abs(ms) >= least) ?? ['ms', 1];
  const count = ms / size;
  return `${Math.abs(count) < 10 && unit !== 'ms' ? Math.round(count * 10) / 10 : Math.round(count)} ${unit}`;
}

/** A moment, and how long ago that was or how far ahead it lies. */
export function moment(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  return `${at.toISOString()} (${ms >= 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`})`;
}

export const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
