import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import type { RoleName } from '../flags';

const labels = { web: '[web ]', jobs: '[jobs]' } as const;
const colours = { web: 'cyan', jobs: 'magenta' } as const;

/** Prints each line of a role's output behind its label. */
export function printLines(role: RoleName, output: Readable): void {
  createInterface({ input: output }).on('line', line => console.log(`${label(role)} ${line}`));
}

/** The role's name as its log lines begin, coloured on a terminal only. */
export function label(role: RoleName): string {
  const colourful = process.stdout.isTTY && !process.env.NO_COLOR;
  return colourful ? styleText(colours[role], labels[role]) : labels[role];
}
