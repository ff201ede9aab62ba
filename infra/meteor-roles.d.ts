/** Meteor's package `roles`, in the core since 3.1: `@types/meteor` has nothing of it. */
declare module 'meteor/roles' {
  import type { Meteor } from 'meteor/meteor';
  import type { Mongo } from 'meteor/mongo';

  type OneOrMany<T> = T | readonly T[];
  type User = string | { _id: string } | null | undefined;
  interface RoleOptions {
    scope?: string | null;
    anyScope?: boolean;
    onlyScoped?: boolean;
    onlyAssigned?: boolean;
    ifExists?: boolean;
  }
  type Scope = RoleOptions | string | null;
  interface Role {
    _id: string;
    children: { _id: string }[];
  }
  interface RoleAssignment {
    _id: string;
    user: { _id: string };
    role: { _id: string };
    inheritedRoles: { _id: string }[];
    scope: string | null;
  }

  const RolesCollection: Mongo.Collection<Role>;
  const RoleAssignmentCollection: Mongo.Collection<RoleAssignment>;

  namespace Roles {
    function createRoleAsync(name: string, options?: { unlessExists?: boolean }): Promise<string | null>;
    function deleteRoleAsync(name: string): Promise<void>;
    function renameRoleAsync(oldName: string, newName: string): Promise<void>;
    function addRolesToParentAsync(names: OneOrMany<string>, parent: string): Promise<void>;
    function removeRolesFromParentAsync(names: OneOrMany<string>, parent: string): Promise<void>;
    function isParentOfAsync(parent: string, child: string): Promise<boolean>;
    function addUsersToRolesAsync(users: OneOrMany<User>, names: OneOrMany<string>, scope?: Scope): Promise<void>;
    function setUserRolesAsync(users: OneOrMany<User>, names: OneOrMany<string>, scope?: Scope): Promise<void>;
    function removeUsersFromRolesAsync(users: OneOrMany<User>, names: OneOrMany<string>, scope?: Scope): Promise<void>;
    function userIsInRoleAsync(user: User, names: OneOrMany<string>, scope?: Scope): Promise<boolean>;
    function getRolesForUserAsync(user: User, scope?: Scope): Promise<string[]>;
    function getScopesForUserAsync(user: User, names?: OneOrMany<string>): Promise<string[]>;
    function renameScopeAsync(oldName: string, newName: string): Promise<void>;
    function removeScopeAsync(name: string): Promise<void>;
    function getAllRoles(options?: object): Mongo.Cursor<Role>;
    function getUserAssignmentsForRole(names: OneOrMany<string>, scope?: Scope): Mongo.Cursor<RoleAssignment>;
    function getUsersInRoleAsync(names: OneOrMany<string>, scope?: Scope): Promise<Mongo.Cursor<Meteor.User>>;
    // In a browser, of what is published there.
    function userIsInRole(user: User, names: OneOrMany<string>, scope?: Scope): boolean;
    function getRolesForUser(user: User, scope?: Scope): string[];
    function getScopesForUser(user: User, names?: OneOrMany<string>): string[];
  }
}
