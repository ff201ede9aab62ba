import { join } from 'node:path';

/** The checkout. */
export const root = join(__dirname, '..', '..');

/** The folder that Meteor copies into a bundle unchanged: the worker file is in it. */
export const privateFolder = join(root, 'private');
