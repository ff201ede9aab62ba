import { MemoryCollection } from '../../ddp-client/minimongo/collection';
import {
  assignmentsOfAny,
  idOf,
  inScope,
  type OneOrMany,
  optionsOf,
  type RoleAssignment,
  rolesIn,
  type ScopeOrOptions,
  scopedAssignments,
  scopesIn,
  type UserOrId,
} from '../../shared/roles';
import { connection } from '../connection';
import { Meteor } from '../modules/meteor';
import './accounts';

export const RolesCollection = new MemoryCollection('roles', { connection });
export const RoleAssignmentCollection = new MemoryCollection('role-assignment', { connection });

const find = (selector: Record<string, unknown>) =>
  RoleAssignmentCollection.find(selector).fetch() as unknown as RoleAssignment[];

/** This and the next two are reactive. */
function userIsInRole(user: UserOrId, names: OneOrMany<string>, scope?: ScopeOrOptions): boolean {
  const selector = assignmentsOfAny(user, names, scope);
  return selector !== undefined && find(selector).length > 0;
}

function getRolesForUser(user: UserOrId, scope?: ScopeOrOptions): unknown[] {
  const options = optionsOf(scope);
  const id = idOf(user);
  return id ? rolesIn(find({ 'user._id': id, ...inScope(options) }), options) : [];
}

function getScopesForUser(user: UserOrId, names?: OneOrMany<string>): string[] {
  const id = idOf(user);
  return id ? scopesIn(find(scopedAssignments(id, names))) : [];
}

/** `meteor/roles` in the browser, over the published documents of `role-assignment`. Only a server changes roles. */
export const Roles = {
  userIsInRole,
  getRolesForUser,
  getScopesForUser,
  userIsInRoleAsync: async (...args: Parameters<typeof userIsInRole>) => userIsInRole(...args),
  getRolesForUserAsync: async (...args: Parameters<typeof getRolesForUser>) => getRolesForUser(...args),
  getScopesForUserAsync: async (...args: Parameters<typeof getScopesForUser>) => getScopesForUser(...args),
};

Object.assign(Meteor, { roles: RolesCollection, roleAssignment: RoleAssignmentCollection });
