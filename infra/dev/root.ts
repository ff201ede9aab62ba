import { join } from 'node:path';

/** The checkout. */
export const root = join(__dirname, '..', '..');

/** What Meteor takes along into a bundle as it is: the worker file's place. */
export const privateFolder = join(root, 'private');
