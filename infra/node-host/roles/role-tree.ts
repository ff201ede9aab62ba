import { Collection } from '../mongo/collection';
import { checkRoleName, idsOf, many, named, type OneOrMany, type Role, type RoleAssignment } from '../shared/roles';

/** `Meteor.roles` and `Meteor.roleAssignment`. */
export const roles = new Collection('roles');
export const assignments = new Collection('role-assignment');

const multi = { multi: true };

export const findRole = (name: string) => roles.findOneAsync({ _id: name }) as Promise<Role | undefined>;
export const findAssignments = (selector: object, options: object = {}) =>
  assignments.find(selector, options).fetchAsync() as Promise<RoleAssignment[]>;

async function existingRole(name: string): Promise<Role> {
  const role = await findRole(name);
  if (!role) throw new Error(`Role '${name}' does not exist.`);
  return role;
}

/** @returns its name; null when it exists already */
export async function createRole(name: string): Promise<string | null> {
  checkRoleName(name);
  if (await findRole(name)) return null;
  return (await roles.insertAsync({ _id: name, children: [] })) as string;
}

/** Deletes a role and its assignments. */
export async function deleteRole(name: string): Promise<void> {
  checkRoleName(name);
  await assignments.removeAsync({ 'role._id': name });
  const above = await namesAbove(name);
  await roles.updateAsync({ 'children._id': name }, { $pull: { children: { _id: name } } }, multi);
  await inheritAnew(above);
  await roles.removeAsync({ _id: name });
}

export async function renameRole(oldName: string, newName: string): Promise<void> {
  checkRoleName(oldName);
  checkRoleName(newName);
  if (oldName === newName) return;
  await roles.insertAsync({ ...(await existingRole(oldName)), _id: newName });
  const renamed = { $set: { 'role._id': newName } };
  await assignments.updateAsync({ 'role._id': oldName }, renamed, multi);
  const each = { multi: true, arrayFilters: [{ 'each._id': oldName }] };
  const inherited = { $set: { 'inheritedRoles.$[each]._id': newName } };
  await assignments.updateAsync({ 'inheritedRoles._id': oldName }, inherited, each);
  await roles.updateAsync({ 'children._id': oldName }, { $set: { 'children.$[each]._id': newName } }, each);
  await roles.removeAsync({ _id: oldName });
}

/** Puts roles below a parent: users with the parent inherit them. @throws when the parent is below one of them */
export async function addToParent(names: OneOrMany<string>, parent: string): Promise<void> {
  for (const name of many(names)) {
    checkRoleName(name);
    checkRoleName(parent);
    const role = await existingRole(name);
    const below = await namesBelow(role);
    if (name === parent || below.includes(parent))
      throw new Error(`Roles '${name}' and '${parent}' would form a cycle.`);
    const isNew = { _id: parent, 'children._id': { $ne: name } };
    const added = await roles.updateAsync(isNew, { $push: { children: { _id: name } } });
    if (added > 0) await inheritAnew([parent, ...(await namesAbove(parent))]);
  }
}

export async function removeFromParent(names: OneOrMany<string>, parent: string): Promise<void> {
  for (const name of many(names)) {
    checkRoleName(name);
    checkRoleName(parent);
    await existingRole(name);
    const removed = await roles.updateAsync({ _id: parent }, { $pull: { children: { _id: name } } });
    if (removed > 0) await inheritAnew([parent, ...(await namesAbove(parent))]);
  }
}

/** @returns whether the first role includes the second */
export async function isParentOf(parent: string, child: string): Promise<boolean> {
  if (parent === child) return true;
  const role = parent && child ? await findRole(parent) : undefined;
  return role !== undefined && (await namesBelow(role)).includes(child);
}

/** Writes the inherited roles into all assignments of these roles. */
async function inheritAnew(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const role = await findRole(name);
    if (!role) continue;
    const inheritedRoles = named([name, ...(await namesBelow(role))]);
    await assignments.updateAsync({ 'role._id': name }, { $set: { inheritedRoles } }, multi);
  }
}

export async function namesBelow(role: Role): Promise<string[]> {
  const found = new Set<string>();
  for (const next = idsOf(role.children); next.length > 0; ) {
    const fresh = next.splice(0).filter(name => !found.has(name));
    const below = (await roles.find({ _id: { $in: fresh } }).fetchAsync()) as Role[];
    for (const { _id, children } of below) {
      found.add(_id);
      next.push(...idsOf(children));
    }
  }
  return [...found];
}

async function namesAbove(name: string): Promise<string[]> {
  const found = new Set<string>();
  for (const next = [name]; next.length > 0; ) {
    const above = (await roles.find({ 'children._id': { $in: next.splice(0) } }).fetchAsync()) as Role[];
    for (const { _id } of above) {
      if (!found.has(_id)) next.push(_id);
      found.add(_id);
    }
  }
  return [...found];
}
