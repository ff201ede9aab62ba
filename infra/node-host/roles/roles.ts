import { users } from '../accounts/users';
import { startup } from '../boot/startup';
import { Meteor } from '../modules/meteor';
import type { Cursor } from '../mongo/cursor';
import {
  assignmentsOfAny,
  checkRoleName,
  idOf,
  inScope,
  many,
  named,
  type OneOrMany,
  optionsOf,
  type RoleOptions,
  rolesIn,
  type ScopeOrOptions,
  scopedAssignments,
  scopesIn,
  type UserOrId,
} from '../shared/roles';
import {
  addToParent,
  assignments,
  createRole,
  deleteRole,
  findAssignments,
  findRole,
  isParentOf,
  namesBelow,
  removeFromParent,
  renameRole,
  roles,
} from './role-tree';
// The package brings accounts on Meteor, too.
import '../accounts/accounts';

export const RolesCollection = roles;
export const RoleAssignmentCollection = assignments;

async function assign(userId: string, name: string, { scope, ifExists }: RoleOptions): Promise<void> {
  checkRoleName(name);
  const role = await findRole(name);
  if (!role && ifExists) return;
  if (!role) throw new Error(`Role '${name}' does not exist.`);
  const inheritedRoles = named([name, ...(await namesBelow(role))]);
  const given = { 'user._id': userId, 'role._id': name, scope };
  const there = await assignments.updateAsync(given, { $set: { inheritedRoles } });
  if (there === 0) await assignments.insertAsync({ user: { _id: userId }, role: { _id: name }, scope, inheritedRoles });
}

/** Calls back with the id of each user. @throws when users or roles are missing */
async function forEachUser(
  given: OneOrMany<UserOrId>,
  names: OneOrMany<string>,
  change: (userId: string) => Promise<void>,
): Promise<void> {
  if (!given) throw new Error("Missing 'users' param.");
  if (!names) throw new Error("Missing 'roles' param.");
  for (const user of many(given)) {
    const id = idOf(user);
    if (id) await change(id);
  }
}

const inThisScope = ({ scope, anyScope }: RoleOptions) => (anyScope ? {} : { scope });

/** `meteor/roles` on the server. A text in place of options is a scope. */
export const Roles = {
  createRoleAsync: (name: string, _options?: { unlessExists?: boolean }) => createRole(name),
  deleteRoleAsync: deleteRole,
  renameRoleAsync: renameRole,
  addRolesToParentAsync: addToParent,
  removeRolesFromParentAsync: removeFromParent,
  isParentOfAsync: isParentOf,

  async addUsersToRolesAsync(given: OneOrMany<UserOrId>, names: OneOrMany<string>, scope?: ScopeOrOptions) {
    const options = optionsOf(scope);
    await forEachUser(given, names, async id => {
      for (const name of many(names)) await assign(id, name, options);
    });
  },

  /** Replaces all roles that the users have in the scope. */
  async setUserRolesAsync(given: OneOrMany<UserOrId>, names: OneOrMany<string>, scope?: ScopeOrOptions) {
    const options = optionsOf(scope);
    await forEachUser(given, names, async id => {
      await assignments.removeAsync({ 'user._id': id, ...inThisScope(options) });
      for (const name of many(names)) await assign(id, name, options);
    });
  },

  async removeUsersFromRolesAsync(given: OneOrMany<UserOrId>, names: OneOrMany<string>, scope?: ScopeOrOptions) {
    const options = optionsOf(scope);
    for (const name of many(names)) checkRoleName(name);
    await forEachUser(given, names, async id => {
      const assigned = { 'user._id': id, 'role._id': { $in: many(names) }, ...inThisScope(options) };
      await assignments.removeAsync(assigned);
    });
  },

  /** Whether a user has one of these roles, in the scope or globally. */
  async userIsInRoleAsync(user: UserOrId, names: OneOrMany<string>, scope?: ScopeOrOptions): Promise<boolean> {
    const selector = assignmentsOfAny(user, names, scope);
    return selector !== undefined && (await assignments.findOneAsync(selector, { fields: { _id: 1 } })) !== undefined;
  },

  async getRolesForUserAsync(user: UserOrId, scope?: ScopeOrOptions): Promise<unknown[]> {
    const options = optionsOf(scope);
    const id = idOf(user);
    return id ? rolesIn(await findAssignments({ 'user._id': id, ...inScope(options) }), options) : [];
  },

  async getScopesForUserAsync(user: UserOrId, names?: OneOrMany<string>): Promise<string[]> {
    const id = idOf(user);
    return id ? scopesIn(await findAssignments(scopedAssignments(id, names))) : [];
  },

  async renameScopeAsync(oldName: string, newName: string): Promise<void> {
    const [before, after] = [optionsOf(oldName), optionsOf(newName)];
    if (before.scope === after.scope) return;
    await assignments.updateAsync({ scope: before.scope }, { $set: { scope: after.scope } }, { multi: true });
  },

  async removeScopeAsync(name: string): Promise<void> {
    await assignments.removeAsync({ scope: optionsOf(name).scope });
  },

  getAllRoles: (options: object = { sort: { _id: 1 } }): Cursor => roles.find({}, options),

  getUserAssignmentsForRole(names: OneOrMany<string>, scope?: ScopeOrOptions): Cursor {
    const options = optionsOf(scope);
    const selector = { 'inheritedRoles._id': { $in: many(names) }, ...inScope(options) };
    return assignments.find(selector, { fields: { 'user._id': 1 }, ...options.queryOptions });
  },

  /** A cursor of the users. */
  async getUsersInRoleAsync(
    names: OneOrMany<string>,
    scope?: ScopeOrOptions,
    queryOptions: object = {},
  ): Promise<Cursor> {
    const options = optionsOf(scope);
    const { queryOptions: forUsers, ...its } = options;
    const found = (await Roles.getUserAssignmentsForRole(names, its).fetchAsync()) as { user: { _id: string } }[];
    return users.find({ _id: { $in: found.map(({ user }) => user._id) } }, forUsers ?? queryOptions);
  },
};

startup(async () => {
  await Promise.all([
    assignments.createIndexAsync({ 'user._id': 1, 'inheritedRoles._id': 1, scope: 1 }),
    assignments.createIndexAsync({ 'user._id': 1, 'role._id': 1, scope: 1 }),
    assignments.createIndexAsync({ 'role._id': 1 }),
    assignments.createIndexAsync({ scope: 1, 'user._id': 1, 'inheritedRoles._id': 1 }),
    assignments.createIndexAsync({ 'inheritedRoles._id': 1 }),
    roles.createIndexAsync({ 'children._id': 1 }),
  ]);
});
Object.assign(Meteor, { roles, roleAssignment: assignments });
