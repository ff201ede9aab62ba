import { Accounts } from 'meteor/accounts-base';
import { Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { RoleAssignmentCollection } from 'meteor/roles';
import { defineMethods } from '../../../infra/link';
import { parse, visitorOf } from '../errors';
import type { ApiPart } from '../part';
import { mailAgain, mailNewUsers } from './confirmation';
import { becomeAdministrator, ensureLinkIndexes } from './first-administrator';
import { setRole } from './roles';
import { emailProblem, type OperatorRole, operatorRoles } from './schema';

export const accounts: ApiPart<'accounts'> = {
  limits: {
    'accounts.becomeAdministrator': [5, 10_000],
    'accounts.setRole': [10, 10_000],
    'accounts.sendConfirmation': [3, 60_000],
  },
  publications: [],
  async ensureIndexes() {
    await ensureLinkIndexes();
  },
  async start() {
    configure();
    checkUsers();
    limitPasswordChanges();
    mailNewUsers();
    defineAccountMethods();
    publishOwnRoles();
  },
};

declare module '../contract' {
  interface Methods {
    /** By the token of the first administrator's link. */
    'accounts.becomeAdministrator': (token: string) => undefined;
    /** For administrators. Null takes a role away; to get one, a person must have confirmed the address. */
    'accounts.setRole': (order: { email: string; role: OperatorRole | null }) => undefined;
    /** Mails the link that confirms the caller's address once more. */
    'accounts.sendConfirmation': () => undefined;
  }
}

/** What mails say, beside Meteor's own words: docs/accounts.md. */
function configure(): void {
  const { host, hostname } = new URL(Meteor.absoluteUrl());
  const siteName: string = Meteor.settings.public.appName ?? host;
  // In quotes: a name with a colon would be that of a group, which has no sender.
  const from = `"${siteName.replace(/["\\]/g, '')}" <no-reply@${hostname}>`;
  Object.assign(Accounts.emailTemplates, { siteName, from });
}

/**
 * Meteor stores what a sign-up says: any text as an address or a name, and a `profile` of any size, which each user may
 * write later as well. Here a user has an address.
 */
function checkUsers(): void {
  Meteor.users.deny({ update: () => true });
  Accounts.validateNewUser((user: Meteor.User) => {
    const problem = problemOf(user);
    if (problem) throw new Meteor.Error(403, `${problem} (imports/api/accounts/index.ts)`);
    return true;
  });
}

function problemOf({ profile, username, emails = [] }: Meteor.User): string | undefined {
  if (profile) return 'profile: users have none here';
  if (username) return 'username: users have none here, they sign in by their address';
  return emails.map(({ address }) => emailProblem(address)).find(Boolean);
}

/** Meteor limits `login`, and not this: at a browser that was left open one could try any number of old passwords. */
function limitPasswordChanges(): void {
  const isUser = (userId: string | null) => userId !== null;
  DDPRateLimiter.addRule({ type: 'method', name: 'changePassword', userId: isUser }, 5, 10_000);
}

function defineAccountMethods(): void {
  defineMethods({
    async 'accounts.becomeAdministrator'(token: unknown) {
      const userId = visitorOf(this);
      await becomeAdministrator(userId, parse('accounts.becomeAdministrator', token, String));
    },

    async 'accounts.setRole'(order: unknown) {
      const pattern = { email: String, role: Match.OneOf(null, ...operatorRoles) };
      const { email, role } = parse('accounts.setRole', order, pattern);
      await setRole(visitorOf(this), email, role);
    },

    async 'accounts.sendConfirmation'() {
      await mailAgain(visitorOf(this));
    },
  });
}

/** So that the page can ask `Roles.userIsInRole`. */
function publishOwnRoles(): void {
  Meteor.publish(null, function () {
    return this.userId ? RoleAssignmentCollection.find({ 'user._id': this.userId }) : [];
  });
}
