import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';
import { oneLine } from '../../monitor/one-line';
import type { Role } from '../roles';

type Named = Pick<Role, 'name'>;

const colors = { web: 'cyan', jobs: 'magenta' } as const;

/** A line without an end is printed in pieces of this length: a role may say more than we want to remember. */
const longestLine = 100_000;

/** Prints each line of a role's output behind its label. What is in a line can neither begin another one nor act on a terminal. */
export function printLines(role: Named, output: Readable): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const hear = (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) print(role, line);
    for (; rest.length > longestLine; rest = rest.slice(longestLine)) print(role, rest.slice(0, longestLine));
  };
  output.on('data', chunk => hear(decoder.write(chunk)));
  output.on('end', () => {
    hear(decoder.end());
    if (rest) print(role, rest);
  });
}

function print(role: Named, line: string): void {
  console.log(`${label(role)} ${oneLine(line.replace(/\r$/, ''))}`);
}

/** The role's name as its log lines begin, colored on a terminal only. */
export function label({ name }: Named): string {
  const text = `[${name.padEnd('jobs'.length)}]`;
  const isColored = process.stdout.isTTY && !process.env.NO_COLOR;
  return isColored ? styleText(colors[name as keyof typeof colors] ?? 'yellow', text) : text;
}
