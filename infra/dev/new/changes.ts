import { Edits } from '../edits';
import type { Name } from './name';

/** The files and lines that one `npm run new:…` writes. */
export interface Recipe {
  changes: Change[];
  /** The next steps for the person, one line each. */
  next: string[];
}

/** @throws if the name is valid, but not for this kind. */
export type RecipeFor = (name: Name, root: string) => Recipe;

/** A file to write. */
export interface NewFile {
  file: string;
  text: string;
}

/** Lines to insert into an existing file: after the first match of `after`, or before the last one of `before`. */
export interface Insert {
  file: string;
  insert: string;
  at: { after: RegExp } | { before: RegExp };
  /** If the file has this already, the name is taken. */
  unless?: RegExp;
}

export type Change = NewFile | Insert;

/**
 * Makes all changes, or none.
 *
 * @throws with every reason, if a file exists already or lacks the line that a change looks for.
 */
export function makeChanges(root: string, changes: readonly Change[]): void {
  const edits = new Edits(root);
  for (const change of changes) {
    const problem = problemOf(change, edits.onDisk(change.file));
    if (problem) edits.refuse(problem);
    else edits.write(change.file, 'text' in change ? change.text : withInsert(edits.text(change.file), change));
  }
  edits.apply();
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
