import { Accounts } from 'meteor/accounts-base';
import { Meteor } from 'meteor/meteor';
import { badInput } from '../errors';

interface Attempt {
  methodName: string;
  user?: Meteor.User;
}

/**
 * Mails each new user the link that confirms the address. Meteor's option `sendVerificationEmail` would refuse the
 * sign-up where the mail can't be sent, although the user is stored by then.
 */
export function mailNewUsers(): void {
  const mail = ({ methodName, user }: Attempt) => {
    if (methodName === 'createUser' && user) mailLink(user._id).catch(error => logUnsent(user._id, error));
  };
  Accounts.onLogin(mail);
  // Where the app refuses logins until the address is confirmed, a sign-up ends as a failed login of a stored user.
  Accounts.onLoginFailure(mail);
}

/** @throws Meteor.Error, in words, where nothing is left to confirm or the mail can't be sent. */
export async function mailAgain(userId: string): Promise<void> {
  const user = await Meteor.users.findOneAsync(userId, { fields: { emails: 1 } });
  const unconfirmed = user?.emails?.some(({ verified }) => !verified);
  if (!unconfirmed) throw badInput('Your address is confirmed already.');
  try {
    await mailLink(userId);
  } catch (error) {
    logUnsent(userId, error);
    throw new Meteor.Error('mail-not-sent', 'The mail could not be sent. Try again later.');
  }
}

const mailLink = async (userId: string) => Accounts.sendVerificationEmail(userId);

function logUnsent(userId: string, error: unknown): void {
  const advice = 'set MAIL_URL, or email in the setting packages: docs/accounts.md';
  console.error(`The mail that confirms the address of user ${userId} was not sent (${advice}):`, error);
}
