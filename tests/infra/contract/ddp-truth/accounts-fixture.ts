/**
 * The server side of the recorded conversations about accounts: load it on a host beside the other fixture, then play
 * scenarios/accounts against it. Nothing of this belongs into an app: it hands out tokens and takes any modifier.
 */
import { createHash } from 'node:crypto';
import { Accounts } from 'meteor/accounts-base';
import { check, Match } from 'meteor/check';
import { Email } from 'meteor/email';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';

interface Note {
  _id: string;
  owner: string | null;
  open: boolean;
  text: string;
}

interface Seen {
  type: string;
  allowed: boolean;
  methodName: string;
  methodArguments?: unknown[];
  user?: { _id: string; banned?: string; refused?: boolean; crashes?: boolean };
  error?: { error?: unknown; reason?: string; errorType?: string };
  connection?: { id: string };
}

interface Given {
  id?: string;
  username?: string;
  email?: string;
  password?: string;
  profile?: Record<string, unknown>;
}

interface Mail {
  to: string;
  from: string;
  subject: string;
  text: string;
  html?: string;
}

type Modifier = Parameters<typeof Meteor.users.updateAsync>[1];

// The types of Meteor 2 are all that there are.
const accounts = Accounts as unknown as Record<string, (...args: never[]) => unknown>;
const Notes = new Mongo.Collection<Note>('acc.notes');
const dayMs = 86_400_000;
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** What the hooks and the publications saw. */
let events: object[] = [];
/** What would have been sent. */
let mails: object[] = [];
/** Counts the resets: a connection of an earlier conversation may end late. */
let round = 0;

/** What every conversation starts from. `undefined` stands for the default. */
const plain = {
  ambiguousErrorMessages: undefined,
  forbidClientAccountCreation: false,
  sendVerificationEmail: false,
  restrictCreationByEmailDomain: undefined,
  loginExpirationInDays: undefined,
  loginExpiration: undefined,
  passwordResetTokenExpirationInDays: undefined,
  passwordEnrollTokenExpirationInDays: undefined,
  bcryptRounds: 4,
};
Accounts.config(plain);
Accounts.emailTemplates.siteName = 'Truth';
Accounts.emailTemplates.from = 'Truth <no-reply@truth.example>';
Object.assign(Email, {
  customTransport({ to, from, subject, text, html }: Mail) {
    const url = /https?:\/\/\S+/.exec(text)?.[0];
    mails.push({ to, from, subject, text, html: typeof html, url, token: url?.split('/').pop() });
  },
});

const attemptSeen = (hook: string, attempt: Seen) => ({
  hook,
  type: attempt.type,
  allowed: attempt.allowed,
  method: attempt.methodName,
  args: attempt.methodArguments?.length,
  user: attempt.user?._id ?? null,
  error: attempt.error
    ? {
        error: attempt.error.error ?? null,
        reason: attempt.error.reason ?? null,
        name: attempt.error.errorType ?? null,
      }
    : null,
  connection: typeof attempt.connection?.id,
});

Accounts.validateLoginAttempt((attempt: Seen) => {
  events.push(attemptSeen('validate', attempt));
  if (attempt.user?.banned) throw new Meteor.Error('banned', 'You are banned.', { why: attempt.user.banned });
  if (attempt.user?.crashes) throw new Error('a secret of the validation');
  return !attempt.user?.refused;
});
Accounts.onLogin((attempt: Seen) => void events.push(attemptSeen('login', attempt)));
Accounts.onLoginFailure((attempt: Seen) => void events.push(attemptSeen('failure', attempt)));
Accounts.onLogout((({ user, connection }: Pick<Seen, 'user' | 'connection'>) => {
  events.push({ hook: 'logout', user: user?._id ?? null, connection: typeof connection?.id });
}) as () => void);
Accounts.onCreateUser(((options: Given, user: Given & { _id: string }) => {
  if (options.profile?.refuse) throw new Meteor.Error('refused', 'No such users here.', 'by onCreateUser');
  if (options.id) user._id = options.id;
  user.profile = { ...options.profile, greeting: `Hello ${user.username ?? 'stranger'}` };
  return user;
}) as never);
Accounts.validateNewUser((user: Given) => {
  if (user.username === 'root') throw new Meteor.Error(403, 'That name is taken by the house.');
  if (user.username === 'crash') throw new Error('a secret of the validation');
  return user.username !== 'nobody';
});

const people: Given[] = [
  {
    id: 'acc-alice',
    username: 'alice',
    email: 'alice@truth.example',
    password: 'secret-a',
    profile: { name: 'Alice' },
  },
  { id: 'acc-bob', username: 'Bob', email: 'Bob@Truth.example', password: 'secret-b' },
  { id: 'acc-carol', email: 'carol@truth.example' },
  { id: 'acc-dora', username: 'dora', password: 'secret-d' },
  { id: 'acc-erik', username: 'erik', password: 'secret-e' },
];
const notes: [string, string | null, boolean][] = [
  ['n1', null, true],
  ['n2', 'acc-alice', false],
  ['n3', 'acc-bob', false],
  ['n4', 'acc-alice', true],
  ['n5', 'acc-bob', true],
];

const tokensOf = (user: Meteor.User | undefined): unknown[] =>
  (user as { services?: { resume?: { loginTokens?: unknown[] } } } | undefined)?.services?.resume?.loginTokens ?? [];

Meteor.methods({
  /** Every conversation starts from this state. */
  async 'acc.reset'() {
    Accounts.config(plain);
    await Meteor.users.removeAsync({});
    await Notes.removeAsync({});
    for (const person of people) await Accounts.createUserAsync(person);
    await Meteor.users.updateAsync('acc-alice', {
      $set: { 'emails.0.verified': true, hidden: 'not published', level: 1 },
    } as Modifier);
    await Meteor.users.updateAsync('acc-dora', { $set: { banned: 'spam' } } as Modifier);
    await Meteor.users.updateAsync('acc-erik', { $set: { refused: true } } as Modifier);
    for (const [_id, owner, open] of notes) await Notes.insertAsync({ _id, owner, open, text: `note ${_id}` });
    events = [];
    mails = [];
    round++;
    return 'reset';
  },
  async 'acc.who'() {
    const user = await Meteor.userAsync();
    return { this: this.userId, meteor: Meteor.userId(), name: user?.username ?? null };
  },
  'acc.config'(options: Parameters<typeof Accounts.config>[0]) {
    if (options.restrictCreationByEmailDomain === 'a function')
      options.restrictCreationByEmailDomain = (email: string) => email.endsWith('.org');
    Accounts.config(options);
  },
  'acc.events': () => events.splice(0),
  'acc.mails': () => mails.splice(0),
  'acc.lastMail': () => mails.at(-1) ?? null,
  'acc.doc': async (id: string) => (await Meteor.users.findOneAsync(id)) ?? null,
  'acc.docByName': async (username: string) => (await Meteor.users.findOneAsync({ username })) ?? null,
  'acc.tokens': async (id: string) => tokensOf(await Meteor.users.findOneAsync(id)).length,
  'acc.update': (id: string, modifier: Modifier) => Meteor.users.updateAsync(id, modifier),
  'acc.remove': (id: string) => Meteor.users.removeAsync(id),
  /** A login token made by hand, as an older server or another process would have left it. */
  'acc.giveToken'(id: string, token: string, days: number, hashed: boolean) {
    const when = new Date(Date.now() - days * dayMs);
    const hashedToken = createHash('sha256').update(token).digest('base64');
    const stamped = hashed ? { when, hashedToken } : { when, token };
    return Meteor.users.updateAsync(id, { $push: { 'services.resume.loginTokens': stamped } } as Modifier);
  },
  'acc.ageToken'(id: string, kind: 'reset' | 'enroll', days: number) {
    const when = new Date(Date.now() - days * dayMs);
    return Meteor.users.updateAsync(id, { $set: { [`services.password.${kind}.when`]: when } } as Modifier);
  },
  /** The server's own API; what it returns is cut down to what is worth comparing. */
  async 'acc.server'(name: string, ...args: unknown[]) {
    const finders = ['findUserByUsername', 'findUserByEmail'];
    const senders = ['sendVerificationEmail', 'sendEnrollmentEmail', 'sendResetPasswordEmail'];
    const makers = ['createUserAsync', 'createUserVerifyingEmail'];
    const writers = ['setUsername', 'addEmailAsync', 'removeEmail', 'setPasswordAsync'];
    check(name, Match.OneOf(...finders, ...senders, ...makers, ...writers));
    const got = (await accounts[name]!(...(args as never[]))) as Record<string, unknown> & {
      user: { _id: string };
      _id?: string;
    };
    if (senders.includes(name)) return { email: got.email, user: got.user._id, token: got.token, url: got.url };
    return (finders.includes(name) ? got?._id : got) ?? null;
  },
  async 'acc.become'(id: string | null) {
    await this.setUserId(id);
    return this.userId;
  },
  async 'acc.becomeLate'(id: string) {
    this.unblock();
    await this.setUserId(id);
    return this.userId;
  },
  async 'acc.slow'(ms: number) {
    await wait(ms);
    return this.userId;
  },
});

Meteor.publish('acc.private', function () {
  if (this.userId) return Notes.find({ owner: this.userId });
  this.ready();
  return undefined;
});
Meteor.publish('acc.notes', function () {
  if (!this.userId) return Notes.find({ open: true }, { fields: { text: 1 } });
  return Notes.find({ $or: [{ open: true }, { owner: this.userId }] }, { fields: {} });
});
// Out: neither ready nor stopped.
Meteor.publish('acc.onlyIn', function () {
  return this.userId ? Notes.find({ owner: this.userId }) : undefined;
});
Meteor.publish('acc.refused', function () {
  if (!this.userId) throw new Meteor.Error('not-logged-in', 'Log in first.');
  return Notes.find({ owner: this.userId });
});
Meteor.publish('acc.refusedIn', function () {
  if (this.userId) throw new Meteor.Error('logged-in', 'Only for guests.');
  return Notes.find({ _id: 'n1' });
});
Meteor.publish('acc.late', async function (ms: number) {
  await wait(ms);
  return Notes.find({ owner: this.userId });
});
Meteor.publish('acc.manual', async function () {
  const user = await Meteor.userAsync();
  const name = user ? { name: user.username } : { guest: true };
  this.added('acc.manual', 'state', { user: this.userId, meteor: Meteor.userId(), ...name });
  const its = round;
  this.onStop(() => {
    if (its === round) events.push({ hook: 'stop', user: this.userId });
  });
  this.ready();
});
Meteor.publish('acc.me', function () {
  return this.userId ? Meteor.users.find({ _id: this.userId }, { fields: { level: 1, 'profile.name': 1 } }) : [];
});
Meteor.publish('acc.everyone', () => Meteor.users.find({}, { fields: { username: 1 } }));
Meteor.publish('acc.levels', () => Meteor.users.find({ level: { $exists: true } } as object, { fields: { level: 1 } }));
