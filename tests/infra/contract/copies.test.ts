import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/run';

/** A Meteor package can't import the app's files: what both need is there twice. */
const copies = [
  ['infra/errors/plain-error.ts', 'packages/synced-cron/errors/plain-error.ts'],
  ['infra/catalog/nearest.ts', 'packages/synced-cron/nearest.ts'],
  ['infra/catalog/normal-form.ts', 'packages/synced-cron/form/normal-form.ts'],
  ['infra/catalog/value-kinds.ts', 'packages/synced-cron/form/value-kinds.ts'],
];

test.each(copies)('%s is byte for byte %s: copy what was changed over the other', (own, copy) => {
  expect(readFileSync(join(root, copy), 'utf8')).toBe(readFileSync(join(root, own), 'utf8'));
});
