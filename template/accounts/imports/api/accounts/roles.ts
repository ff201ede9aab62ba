import { Accounts } from 'meteor/accounts-base';
import { Meteor } from 'meteor/meteor';
import { Roles } from 'meteor/roles';
import { badInput, notFound } from '../errors';
import { type OperatorRole, operatorRoles } from './schema';

export async function createRoles(): Promise<void> {
  for (const role of operatorRoles) await Roles.createRoleAsync(role, { unlessExists: true });
}

/** For `defineApp`: who may operate the console, as what, and what the console and the audit call them. */
export async function mayOperate(userId: string): Promise<false | { role: OperatorRole; name: string }> {
  const held = await Roles.getRolesForUserAsync(userId);
  const role = operatorRoles.find(one => held.includes(one));
  if (!role) return false;
  const user = await Meteor.users.findOneAsync(userId, { fields: { emails: 1 } });
  return { role, name: user?.emails?.[0]?.address ?? userId };
}

export async function hasAdministrator(): Promise<boolean> {
  return (await (await Roles.getUsersInRoleAsync('admin')).countAsync()) > 0;
}

/**
 * The one role that a person has from here on; null takes it away. A person without a confirmed address gets none:
 * anybody may sign up with the address of somebody else.
 *
 * @throws Meteor.Error where nobody would be left.
 */
export async function setRole(by: string, email: string, role: OperatorRole | null): Promise<void> {
  if (!(await Roles.userIsInRoleAsync(by, 'admin')))
    throw new Meteor.Error('not-authorized', 'Only an administrator gives roles.');
  const user = await Accounts.findUserByEmail(email);
  if (!user) throw notFound('user');
  if (user._id === by) throw badInput('Your own role only another administrator can change.');
  if (role && !hasConfirmed(user, email))
    throw badInput(`${email} is not confirmed. The person must open the link of our mail before you can give a role.`);
  await Roles.setUserRolesAsync(user._id, role ? [role] : []);
}

function hasConfirmed({ emails = [] }: Meteor.User, email: string): boolean {
  const isIt = (address: string) => address.toLowerCase() === email.toLowerCase();
  return emails.some(({ address, verified }) => verified && isIt(address));
}
