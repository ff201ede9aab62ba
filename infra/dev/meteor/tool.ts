import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The Meteor tool of this machine.
 *
 * @throws one line that says how to get it, and what to do without.
 */
export function meteorTool(environment: NodeJS.ProcessEnv = process.env): string {
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  const found = folders.map(folder => join(folder, 'meteor')).find(isExecutable);
  if (found) return found;
  throw new Error('meteor is not installed here: npx meteor@latest (or go on without it: npm start)');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
