/** An app with accounts, for what no recorded conversation shows. Its settings say how it is set up. */
import { Accounts } from 'meteor/accounts-base';
import { Email } from 'meteor/email';
import { Meteor } from 'meteor/meteor';
import { Roles } from 'meteor/roles';

interface HowItIs {
  mode?: 'fields' | 'denied';
}

const { mode } = Meteor.settings as HowItIs;
const outside: string[] = [];

if (mode === 'fields') Accounts.setDefaultPublishFields({ username: 1, level: 1 });
if (mode === 'denied') Meteor.users.deny({ update: () => true });

try {
  Meteor.userId();
} catch (error) {
  outside.push((error as Error).message);
}

const seen: string[] = [];
Accounts.onLogin(() => {
  throw new Error('the first hook fails');
});
const { stop } = Accounts.onLogin(({ type }: { type: string }) => void seen.push(type));

// A way to log in of the app's own, as those for OAuth are.
Accounts.registerLoginHandler('badge', ({ badge }: { badge?: string }) => {
  if (badge === undefined) return undefined;
  if (badge === 'broken') throw new Meteor.Error('broken-badge', 'It can not be read.');
  return { userId: badge };
});

Email.hookSend(mail => (mail as { subject?: string }).subject !== 'unwanted');

const roles = Roles as unknown as Record<string, (...args: unknown[]) => unknown>;

Meteor.methods({
  outside: () => outside,
  seen: () => seen.splice(0),
  stopSeeing: () => stop(),
  user: async (id: string) => (await Meteor.users.findOneAsync(id)) ?? null,
  create: (options: object) => Accounts.createUserAsync(options),
  set: (id: string, fields: object) => Meteor.users.updateAsync(id, { $set: fields }),
  reset: async (id: string) => void (await Accounts.sendResetPasswordEmail(id)),
  mail: (mail: object) => Email.sendAsync(mail),
  unlimited: () => Accounts.removeDefaultRateLimit(),
  roles: async (name: string, ...args: unknown[]) => {
    const result = await roles[name]!(...args);
    const cursor = result as { fetchAsync?(): Promise<unknown[]> } | null;
    return (cursor?.fetchAsync ? await cursor.fetchAsync() : result) ?? null;
  },
});
