import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/run';
import { scenarios } from './scenarios';

const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
const names = scenarios.map(({ name }) => name);
/** The last column of each promise names what shows it. */
const shownBy = page.split('\n').flatMap(line => {
  const cells = line.split('|').map(cell => cell.trim());
  return cells.length === 4 && cells[2]?.includes('`')
    ? [...cells[2].matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
    : [];
});

test('each promise is shown by scenarios and tests that exist', () => {
  expect(shownBy.length).toBeGreaterThan(20);
  const unknown = shownBy.filter(name => !names.includes(name) && !existsSync(join(root, name)));
  expect(unknown).toEqual([]);
});

test('each scenario is on the page', () => {
  expect(names.filter(name => !shownBy.includes(name))).toEqual([]);
});
