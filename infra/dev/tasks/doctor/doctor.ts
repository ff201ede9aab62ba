import { messageOf } from '../../../errors/plain-error';
import { oneLine } from '../../../monitor/one-line';
import type { Asked } from '../arguments';
import type { OpenQueue } from '../open';
import { count, type Output } from '../output';
import { type Finding, note, wrong } from './finding';
import { checkIndexes } from './indexes';
import { checkLeases, checkLimits, checkPauses, checkSignatures, checkTypes, checkWaiting } from './queue';
import { checkClocks, checkDatabase, checkRoles, checkSettings, checkVersions } from './roles';

/** Each look by its matter, in the order in which they are shown. */
const checks: Record<string, (open: OpenQueue) => Promise<Finding[]>> = {
  database: checkDatabase,
  indexes: checkIndexes,
  clocks: checkClocks,
  roles: checkRoles,
  versions: checkVersions,
  settings: checkSettings,
  types: checkTypes,
  signatures: checkSignatures,
  leases: checkLeases,
  pauses: checkPauses,
  limits: checkLimits,
  waiting: checkWaiting,
};

const marks: Record<Finding['level'], string> = { wrong: '✗', note: '!', fine: '✓' };

/** `doctor`: looks at what can be wrong, and says what to do. @returns whether nothing is. */
export async function doctor(open: OpenQueue, _: Asked, output: Output): Promise<boolean> {
  const findings = (await Promise.all(Object.entries(checks).map(([about, check]) => look(open, about, check)))).flat();
  const problems = findings.filter(({ level }) => level === 'wrong');
  if (output.json) output.data(findings);
  else {
    for (const finding of findings) output.line(lineOf(finding));
    output.line(problems.length === 0 ? '\nAll well' : `\n${count(problems.length, 'problem')}`);
  }
  return problems.length === 0;
}

/** A look that fails is a finding, and keeps none of the others from looking. */
function look(open: OpenQueue, about: string, check: (open: OpenQueue) => Promise<Finding[]>): Promise<Finding[]> {
  return check(open).catch(error => {
    const message = messageOf(error);
    if (lacksIndex(message)) return [note(about, 'not looked at: an index is missing')];
    return [wrong(about, `could not be looked at: ${message}`, 'Does the database answer, and may this user read it?')];
  });
}

/** MongoDB refuses a question that names an index which is not there. */
export const lacksIndex = (message: string) =>
  message.includes('hint provided does not correspond to an existing index');

function lineOf({ level, about, text, todo }: Finding): string {
  const indent = ' '.repeat(14);
  return `${marks[level]} ${about.padEnd(12)}${oneLine(text)}${todo === undefined ? '' : `\n${indent}${todo}`}`;
}
