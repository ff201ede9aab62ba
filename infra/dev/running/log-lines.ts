import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';
import { oneLine } from '../../monitor/one-line';
import type { Role } from '../roles';
import { withStackBelow } from './stack-lines';

type Named = Pick<Role, 'name'>;

const colors = { web: 'cyan', jobs: 'magenta' } as const;

/** An endless line is printed in pieces of this length, so that it does not fill the memory. */
const longestLine = 100_000;

/**
 * Prints each line of a role's output after its label. The text of a line can neither begin another one nor control a
 * terminal.
 *
 * @param complete adds to a line what only this process knows.
 */
export function printLines(role: Named, output: Readable, complete = (line: string): string => line): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const hear = (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) print(role, complete(line));
    for (; rest.length > longestLine; rest = rest.slice(longestLine)) print(role, rest.slice(0, longestLine));
  };
  output.on('data', chunk => hear(decoder.write(chunk)));
  output.on('end', () => {
    hear(decoder.end());
    if (rest) print(role, rest);
  });
}

function print(role: Named, line: string): void {
  for (const one of withStackBelow(oneLine(line.replace(/\r$/, '')))) console.log(`${label(role)} ${one}`);
}

/** The role's name at the beginning of its log lines, colored only on a terminal. */
export function label({ name }: Named): string {
  const text = `[${name.padEnd('jobs'.length)}]`;
  const isColored = process.stdout.isTTY && !process.env.NO_COLOR;
  return isColored ? styleText(colors[name as keyof typeof colors] ?? 'yellow', text) : text;
}
