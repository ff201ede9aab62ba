/** The server of the page with accounts: the fixtures, and roles that a page is sent. */
import './with-accounts';
import { Meteor } from 'meteor/meteor';
import { RoleAssignmentCollection, Roles } from 'meteor/roles';

Meteor.publish(null, function () {
  return this.userId ? RoleAssignmentCollection.find({ 'user._id': this.userId }) : [];
});

Meteor.methods({
  async 'page.makeOperator'(id: string) {
    await Roles.createRoleAsync('operator', { unlessExists: true });
    await Roles.addUsersToRolesAsync(id, 'operator');
  },
  'page.makeVisitor': (id: string) => Roles.removeUsersFromRolesAsync(id, 'operator'),
});
