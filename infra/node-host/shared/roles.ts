interface Named {
  _id: string;
}

/** A document of `roles`. A role includes its children. */
export interface Role extends Named {
  children: Named[];
}

/** A document of `role-assignment`: one role of one user, global or in one scope. */
export interface RoleAssignment extends Named {
  user: Named;
  role: Named;
  /** The role itself and all below it. */
  inheritedRoles?: Named[];
  /** null: global. */
  scope: string | null;
}

export interface RoleOptions {
  scope?: string | null;
  /** In any scope. */
  anyScope?: boolean;
  /** Without global roles. */
  onlyScoped?: boolean;
  /** Without inherited roles. */
  onlyAssigned?: boolean;
  fullObjects?: boolean;
  /** Ignore a role that doesn't exist. */
  ifExists?: boolean;
  queryOptions?: object;
}

/** Options, or a scope alone. */
export type ScopeOrOptions = RoleOptions | string | null | undefined;
export type OneOrMany<T> = T | readonly T[];
export type UserOrId = string | Named | null | undefined;

export const named = (ids: readonly string[]): Named[] => ids.map(_id => ({ _id }));
export const idsOf = (list: readonly Named[] = []): string[] => list.map(({ _id }) => _id);
export const many = <T>(value: OneOrMany<T>): readonly T[] => (Array.isArray(value) ? value : [value as T]);
export const idOf = (user: UserOrId): string | undefined => (typeof user === 'string' ? user : user?._id) || undefined;

/** @throws when the scope is no valid name */
export function optionsOf(given: ScopeOrOptions): RoleOptions & { scope: string | null } {
  const options = typeof given === 'object' && given !== null ? given : { scope: given };
  const scope = options.scope ?? null;
  if (scope !== null && !isName(scope)) throw new Error(`Invalid scope name '${scope}'.`);
  return { ...options, scope };
}

export function checkRoleName(name: unknown): void {
  if (!isName(name)) throw new Error(`Invalid role name '${name}'.`);
}

const isName = (name: unknown): name is string => typeof name === 'string' && name !== '' && name.trim() === name;

/** Selects assignments of a scope, and global ones. */
export function inScope({ scope, anyScope, onlyScoped }: RoleOptions): { scope?: object } {
  if (anyScope) return {};
  return { scope: { $in: onlyScoped ? [scope ?? null] : [scope ?? null, null] } };
}

/** Selects the assignments that give a user one of `roles`; undefined when none can. */
export function assignmentsOfAny(user: UserOrId, roles: OneOrMany<string | null | undefined>, given: ScopeOrOptions) {
  const options = optionsOf(given);
  const names = many(roles).filter(name => name !== null && name !== undefined);
  const id = idOf(user);
  if (typeof id !== 'string' || names.length === 0) return undefined;
  return { 'user._id': id, 'inheritedRoles._id': { $in: names }, ...inScope(options) };
}

/** The roles of some assignments. */
export function rolesIn(assignments: readonly RoleAssignment[], { onlyAssigned, fullObjects }: RoleOptions): unknown[] {
  if (fullObjects) return [...assignments];
  const names = (assignment: RoleAssignment) =>
    onlyAssigned || !assignment.inheritedRoles ? [assignment.role._id] : idsOf(assignment.inheritedRoles);
  return [...new Set(assignments.flatMap(names))];
}

export const scopesIn = (assignments: readonly RoleAssignment[]): string[] => [
  ...new Set(assignments.flatMap(({ scope }) => scope ?? [])),
];

/** Selects the scoped assignments of a user. @param roles only those of these roles */
export const scopedAssignments = (id: string, roles?: OneOrMany<string>) => ({
  'user._id': id,
  scope: { $ne: null },
  ...(roles ? { 'inheritedRoles._id': { $in: many(roles) } } : {}),
});
