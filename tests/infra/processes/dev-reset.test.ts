import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Checkout } from '../../support/checkout';

let checkout: Checkout;
let data: string;

beforeEach(() => {
  checkout = new Checkout();
  data = join(checkout.folder, '.local', 'mongo-6.0');
});
afterEach(() => checkout.remove());

async function reset(...flags: string[]): Promise<{ code: unknown; output: string }> {
  const npm = checkout.npm(['run', 'db:reset', '--', ...flags]);
  return { code: await npm.ended, output: npm.output };
}

test('db:reset asks, and without an answer nothing is deleted', async () => {
  mkdirSync(data, { recursive: true });
  const { code, output } = await reset();
  expect(code).toBe(0);
  expect(output).toContain('Delete all data in .local/mongo-6.0? [y/N]');
  expect(output).toContain('Nothing was deleted');
  expect(existsSync(data)).toBe(true);
});

test('db:reset --yes empties the database', async () => {
  mkdirSync(data, { recursive: true });
  const { output } = await reset('--yes');
  expect(output).toContain('Emptied .local/mongo-6.0');
  expect(existsSync(data)).toBe(false);
});

test('db:reset with nothing to empty says so', async () => {
  const { code, output } = await reset('--yes');
  expect(code).toBe(0);
  expect(output).toContain('There is nothing to empty');
});
