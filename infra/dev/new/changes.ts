import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file that is to be written. */
export interface NewFile {
  file: string;
  text: string;
}

/** Lines to put into a file that is there: behind the first match of `after`, or before the last one of `before`. */
export interface Insert {
  file: string;
  insert: string;
  at: { after: RegExp } | { before: RegExp };
  /** Where the file has this already, the name is taken. */
  unless?: RegExp;
}

export type Change = NewFile | Insert;

/**
 * Makes all changes, or none: what can't be done is found before the first file is touched, and where the disk refuses
 * in the middle, the files are put back.
 *
 * @throws with every reason, where a file is there already or has lost the line that a change looks for.
 */
export function makeChanges(root: string, changes: readonly Change[]): void {
  const before = new Map(changes.map(({ file }) => [file, textOf(root, file)]));
  const { texts, problems } = planned(changes, before);
  if (problems.length > 0) throw new Error(`Nothing was written:\n${problems.map(line => `  ${line}`).join('\n')}`);
  try {
    for (const [file, text] of texts) write(join(root, file), text);
  } catch (error) {
    for (const [file, text] of before) putBack(join(root, file), text);
    throw error;
  }
}

/** What each file will hold, and what stands in the way. */
function planned(changes: readonly Change[], before: ReadonlyMap<string, string | undefined>) {
  const texts = new Map<string, string>();
  const problems: string[] = [];
  for (const change of changes) {
    const text = texts.get(change.file) ?? before.get(change.file);
    const problem = problemOf(change, before.get(change.file));
    if (problem) problems.push(problem);
    else texts.set(change.file, 'text' in change ? change.text : withInsert(text!, change));
  }
  return { texts, problems };
}

function problemOf(change: Change, text: string | undefined): string | undefined {
  if ('text' in change) return text === undefined ? undefined : `${change.file}: is there already; choose another name`;
  if (text === undefined) return `${change.file}: is missing`;
  if (change.unless?.test(text)) return `${change.file}: has that name already; choose another one`;
  if (placeIn(text, change.at) !== undefined) return undefined;
  const anchor = 'after' in change.at ? change.at.after : change.at.before;
  return `${change.file}: has no line like ${anchor} any more; put it back, or do by hand what this was to insert:\n${change.insert}`;
}

function withInsert(text: string, { insert, at }: Insert): string {
  const place = placeIn(text, at)!;
  return text.slice(0, place) + insert + text.slice(place);
}

function placeIn(text: string, at: Insert['at']): number | undefined {
  if ('before' in at) return [...text.matchAll(new RegExp(at.before, 'gm'))].at(-1)?.index;
  const match = new RegExp(at.after, 'm').exec(text);
  return match ? match.index + match[0].length : undefined;
}

function textOf(root: string, file: string): string | undefined {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function putBack(path: string, text: string | undefined): void {
  if (text === undefined) rmSync(path, { force: true });
  else writeFileSync(path, text);
}
