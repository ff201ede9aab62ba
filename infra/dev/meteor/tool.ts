import { onPath } from '../on-path';

/**
 * The Meteor tool of this machine.
 *
 * @throws one line that says how to get it, and what to do without.
 */
export function meteorTool(environment: NodeJS.ProcessEnv = process.env): string {
  const found = onPath(['meteor'], environment);
  if (found) return found;
  throw new Error('meteor is not installed here: npx meteor@latest (or go on without it: npm start)');
}
