import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  inspectorPortOf,
  localRolesOf,
  onlyRole,
  type Role,
  readRoleSettings,
  rolesOf,
} from '../../../infra/dev/roles';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-roles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text = '{}') => writeFileSync(join(folder, name), text);
const namesOf = (roles: Role[]) => roles.map(({ name }) => name);

describe('the roles of a checkout', () => {
  test('are web and jobs, and one more for each settings-jobs-<name>.json', async () => {
    expect(namesOf(await rolesOf(folder))).toEqual(['web', 'jobs']);
    file('settings-jobs-mail.json');
    file('settings-jobs-heavy.json');
    file('settings-jobs-heavy.production.json');
    expect(await localRolesOf(folder, 4000)).toEqual([
      { name: 'web', kind: 'web', settingsFile: 'settings-web.json', port: 4000 },
      { name: 'jobs', kind: 'jobs', settingsFile: 'settings-jobs.json', port: 4100 },
      { name: 'jobs-heavy', kind: 'jobs', settingsFile: 'settings-jobs-heavy.json', port: 4101 },
      { name: 'jobs-mail', kind: 'jobs', settingsFile: 'settings-jobs-mail.json', port: 4102 },
    ]);
  });

  test('have inspectors in order, and room between them for those of their workers', async () => {
    file('settings-jobs-heavy.json');
    const roles = await localRolesOf(folder, 4000);
    expect(roles.map(role => inspectorPortOf(role, 4100, 9229))).toEqual([9229, 9230, 9330]);
  });

  test('are those of one environment', async () => {
    for (const name of ['mail', 'heavy.production', 'big.staging']) file(`settings-jobs-${name}.json`);
    const roles = await rolesOf(folder, 'production');
    expect(roles.map(({ settingsFile }) => settingsFile)).toEqual([
      'settings-web.production.json',
      'settings-jobs.production.json',
      'settings-jobs-heavy.production.json',
    ]);
  });

  test.each(['Heavy', 'a b', '', 'a_b', '-'])('a settings-jobs-%s.json is named: it makes no role', async name => {
    file(`settings-jobs-${name}.json`);
    await expect(rolesOf(folder)).rejects.toThrow(
      `settings-jobs-${name}.json: the name of a role has small letters, digits and single dashes, like settings-jobs-heavy.json: rename the file`,
    );
  });

  test('one of them can be chosen by its name', async () => {
    file('settings-jobs-heavy.json');
    const roles = await rolesOf(folder);
    expect(namesOf(onlyRole(roles, 'jobs'))).toEqual(['jobs']);
    expect(namesOf(onlyRole(roles, 'jobs-heavy'))).toEqual(['jobs-heavy']);
    expect(namesOf(onlyRole(roles, undefined))).toEqual(['web', 'jobs', 'jobs-heavy']);
    expect(() => onlyRole(roles, 'jobs-mail')).toThrow(
      '--role: "jobs-mail" is no role here, there are web, jobs, jobs-heavy',
    );
  });
});

describe('of a role that npm start or npm run meteor begins,', () => {
  const roleOf = (name: string): Role => ({
    name,
    kind: name === 'web' ? 'web' : 'jobs',
    settingsFile: `settings-${name}.json`,
  });

  test.each([
    ['web', '{ "runJobs": false }'],
    ['web', '{}'],
    ['jobs', '{ "runJobs": true }'],
    ['jobs', '{}'],
    ['jobs-heavy', '{ "runJobs": true }'],
  ])('the %s role may have %s', async (name, text) => {
    file(`settings-${name}.json`, text);
    expect(await readRoleSettings(folder, roleOf(name))).toEqual(JSON.parse(text));
  });

  test.each([
    ['web', true, 'no process would serve the page: set it to false'],
    ['jobs', false, 'no process would run tasks: set it to true'],
    ['jobs-heavy', false, 'no process would run tasks: set it to true'],
  ])('a file that says the opposite of its name is refused: %s', async (name, runJobs, message) => {
    file(`settings-${name}.json`, JSON.stringify({ runJobs }));
    await expect(readRoleSettings(folder, roleOf(name))).rejects.toThrow(
      `settings-${name}.json: "runJobs" is ${runJobs}, so ${message} (the web role has false, a jobs role true)`,
    );
  });

  test('a further file without runJobs is refused: it would be a second web role', async () => {
    file('settings-jobs-heavy.json');
    await expect(readRoleSettings(folder, roleOf('jobs-heavy'))).rejects.toThrow(
      'settings-jobs-heavy.json: "runJobs" is missing, so this would be a second web role: set it to true',
    );
  });
});
