import { runningApp } from './ddp-truth/running-app';
import type { Talk } from './ddp-truth/talk';

const running = runningApp('accounts-app');
let talk: Talk;

beforeAll(async () => {
  talk = await running.connect();
}, 90_000);
afterAll(() => talk?.close());
beforeEach(async () => {
  for (const name of ['roles', 'role-assignment']) await running.database.db.collection(name).deleteMany({});
  for (const name of ['admin', 'editor', 'author', 'guest']) await roles('createRoleAsync', name);
});

/** What a call of `Roles` on the server gives; for a cursor, its documents. @throws what it throws, by its text */
async function roles<T = unknown>(name: string, ...args: unknown[]): Promise<T> {
  const before = running.host.process.output.length;
  const { result, error } = await talk.call('roles', name, ...args);
  if (error) throw new Error(running.host.process.output.slice(before));
  return result as T;
}

const rolesOf = async (user: string, ...more: unknown[]) =>
  (await roles<string[]>('getRolesForUserAsync', user, ...more)).sort();
const assignments = () =>
  running.database.db
    .collection('role-assignment')
    .find({}, { projection: { _id: 0 } })
    .toArray();

test('stores a role and its assignment as Meteor does', async () => {
  await roles('addRolesToParentAsync', 'editor', 'admin');
  await roles('addUsersToRolesAsync', 'u1', 'admin');
  expect(await running.database.db.collection('roles').findOne({ _id: 'admin' as never })).toEqual({
    _id: 'admin',
    children: [{ _id: 'editor' }],
  });
  expect(await assignments()).toEqual([
    {
      user: { _id: 'u1' },
      role: { _id: 'admin' },
      scope: null,
      inheritedRoles: [{ _id: 'admin' }, { _id: 'editor' }],
    },
  ]);
});

test('assigns a role once, and takes it away', async () => {
  await roles('addUsersToRolesAsync', ['u1', { _id: 'u2' }], ['author', 'guest']);
  await roles('addUsersToRolesAsync', 'u1', 'author');
  expect(await assignments()).toHaveLength(4);
  expect(await rolesOf('u1')).toEqual(['author', 'guest']);
  await roles('removeUsersFromRolesAsync', 'u1', ['author']);
  expect(await rolesOf('u1')).toEqual(['guest']);
  expect(await rolesOf('u2')).toEqual(['author', 'guest']);
  await roles('setUserRolesAsync', 'u2', 'editor');
  expect(await rolesOf('u2')).toEqual(['editor']);
});

describe('a role below another', () => {
  beforeEach(async () => {
    await roles('addRolesToParentAsync', 'author', 'editor');
    await roles('addUsersToRolesAsync', 'u1', 'admin');
    await roles('addRolesToParentAsync', 'editor', 'admin');
  });

  test('comes with it, also to those who have that already', async () => {
    expect(await rolesOf('u1')).toEqual(['admin', 'author', 'editor']);
    expect(await rolesOf('u1', { onlyAssigned: true })).toEqual(['admin']);
    expect(await roles('userIsInRoleAsync', 'u1', ['guest', 'author'])).toBe(true);
    expect(await roles('isParentOfAsync', 'admin', 'author')).toBe(true);
    expect(await roles('isParentOfAsync', 'author', 'admin')).toBe(false);
  });

  test('goes with it, and with its own end', async () => {
    await roles('removeRolesFromParentAsync', 'author', 'editor');
    expect(await rolesOf('u1')).toEqual(['admin', 'editor']);
    await roles('deleteRoleAsync', 'editor');
    expect(await rolesOf('u1')).toEqual(['admin']);
  });

  test('has its new name everywhere', async () => {
    await roles('renameRoleAsync', 'author', 'writer');
    await roles('renameRoleAsync', 'admin', 'owner');
    expect(await rolesOf('u1')).toEqual(['editor', 'owner', 'writer']);
    expect(await roles('isParentOfAsync', 'owner', 'writer')).toBe(true);
    expect((await roles<{ _id: string }[]>('getAllRoles')).map(({ _id }) => _id)).toEqual([
      'editor',
      'guest',
      'owner',
      'writer',
    ]);
  });

  test('can not be above it as well', async () => {
    await expect(roles('addRolesToParentAsync', 'admin', 'author')).rejects.toThrow(
      "Roles 'admin' and 'author' would form a cycle.",
    );
  });
});

describe('a scope', () => {
  beforeEach(async () => {
    await roles('addUsersToRolesAsync', 'u1', 'guest');
    await roles('addUsersToRolesAsync', 'u1', 'editor', 'blue');
    await roles('addUsersToRolesAsync', 'u1', 'author', { scope: 'red' });
  });

  test('has its own roles beside those that count everywhere', async () => {
    expect(await rolesOf('u1')).toEqual(['guest']);
    expect(await rolesOf('u1', 'blue')).toEqual(['editor', 'guest']);
    expect(await rolesOf('u1', { scope: 'blue', onlyScoped: true })).toEqual(['editor']);
    expect(await rolesOf('u1', { anyScope: true })).toEqual(['author', 'editor', 'guest']);
    expect(await roles('userIsInRoleAsync', 'u1', 'editor')).toBe(false);
    expect(await roles('userIsInRoleAsync', 'u1', 'editor', 'red')).toBe(false);
    expect(await roles('userIsInRoleAsync', 'u1', 'editor', 'blue')).toBe(true);
    expect(await roles('userIsInRoleAsync', 'u1', 'guest', 'blue')).toBe(true);
    expect(await roles('userIsInRoleAsync', 'u1', 'author', { anyScope: true })).toBe(true);
  });

  test('can be listed, renamed and removed', async () => {
    expect((await roles<string[]>('getScopesForUserAsync', 'u1')).sort()).toEqual(['blue', 'red']);
    expect(await roles('getScopesForUserAsync', 'u1', 'author')).toEqual(['red']);
    await roles('renameScopeAsync', 'blue', 'green');
    expect(await rolesOf('u1', 'green')).toEqual(['editor', 'guest']);
    await roles('removeScopeAsync', 'green');
    expect(await roles('getScopesForUserAsync', 'u1')).toEqual(['red']);
  });

  test('is replaced alone, or all of them', async () => {
    await roles('setUserRolesAsync', 'u1', 'admin', 'blue');
    expect(await rolesOf('u1', { anyScope: true })).toEqual(['admin', 'author', 'guest']);
    await roles('setUserRolesAsync', 'u1', 'admin', { anyScope: true, scope: 'blue' });
    expect(await rolesOf('u1', { anyScope: true })).toEqual(['admin']);
  });
});

test('finds the users who have a role', async () => {
  const { result: id } = await talk.call('create', { username: 'in-a-role', password: 'pw' });
  await roles('addUsersToRolesAsync', id, 'admin');
  await roles('addUsersToRolesAsync', 'nobody', 'guest');
  const found = await roles('getUsersInRoleAsync', 'admin', { queryOptions: { fields: { username: 1 } } });
  expect(found).toEqual([{ _id: id, username: 'in-a-role' }]);
  expect(await roles('getUserAssignmentsForRole', ['admin', 'guest'])).toHaveLength(2);
});

test('says what is wrong with a role, a scope, or a user that is none', async () => {
  await expect(roles('addUsersToRolesAsync', 'u1', 'nothing')).rejects.toThrow("Role 'nothing' does not exist.");
  await roles('addUsersToRolesAsync', 'u1', 'nothing', { ifExists: true });
  await expect(roles('createRoleAsync', ' spaced ')).rejects.toThrow("Invalid role name ' spaced '.");
  await expect(roles('userIsInRoleAsync', 'u1', 'admin', '')).rejects.toThrow("Invalid scope name ''.");
  await expect(roles('addUsersToRolesAsync', null, 'admin')).rejects.toThrow("Missing 'users' param.");
  expect(await roles('userIsInRoleAsync', null, 'admin')).toBe(false);
  expect(await roles('getRolesForUserAsync', null)).toEqual([]);
  expect(await roles('createRoleAsync', 'admin', { unlessExists: true })).toBeNull();
});
