import { Email } from '../email/email';
import { Random } from '../shared/random';
import type { CredentialsError } from './credentials-error';
import { addressesOf, findUser, type User, users } from './users';

type LinkOf = (token: string, extraParams?: Record<string, string>) => string;

/** The parts that the app may replace. */
export interface MailSettings {
  readonly urls: Record<MailKind, LinkOf>;
  readonly emailTemplates: MailTemplates;
}

/** Which of a user's addresses a mail goes to, and the secret that it carries. */
export interface MailSecret {
  email: string;
  user: User;
  token: string;
}

const reasons: Record<string, string> = { resetPassword: 'reset', enrollAccount: 'enroll' };

/** The mails whose links prove that an address belongs to the user. */
export class Mails {
  constructor(
    private readonly settings: () => MailSettings,
    private readonly error: CredentialsError,
  ) {}

  /** @param email the first one, if not this. @returns what was sent */
  sendResetPassword = async (userId: string, email?: string, extraToken?: object, params?: Record<string, string>) =>
    this.send('resetPassword', await this.giveResetToken(userId, email, 'resetPassword', extraToken), params);

  sendEnrollment = async (userId: string, email?: string, extraToken?: object, params?: Record<string, string>) =>
    this.send('enrollAccount', await this.giveResetToken(userId, email, 'enrollAccount', extraToken), params);

  /** @param email the first that is not verified, if not this */
  sendVerification = async (userId: string, email?: string, extraToken?: object, params?: Record<string, string>) =>
    this.send('verifyEmail', await this.giveVerificationToken(userId, email, extraToken), params);

  /** A new token in place of an earlier one of the same kind. */
  giveResetToken = async (userId: string, wanted?: string, reason?: string, extra = {}): Promise<MailSecret> => {
    const user = await this.user(userId);
    const email = this.ownAddress(user, wanted || user.emails?.[0]?.address);
    const kind = reason === 'enrollAccount' ? 'enroll' : 'reset';
    const why = reason ? { reason: reasons[reason] ?? reason } : {};
    const record = { token: Random.secret(), email, when: new Date(), ...why, ...extra };
    await users.updateAsync(userId, { $set: { [`services.password.${kind}`]: record } });
    const password = { ...user.services?.password, [kind]: record };
    return { email, user: { ...user, services: { ...user.services, password } }, token: record.token };
  };

  giveVerificationToken = async (userId: string, wanted?: string, extra = {}): Promise<MailSecret> => {
    const user = await this.user(userId);
    const email = this.ownAddress(user, wanted || this.firstUnverified(user));
    const record = { token: Random.secret(), address: email, when: new Date(), ...extra };
    await users.updateAsync(userId, { $push: { 'services.email.verificationTokens': record } });
    const verificationTokens = [...(user.services?.email?.verificationTokens ?? []), record];
    const services = { ...user.services, email: { ...user.services?.email, verificationTokens } };
    return { email, user: { ...user, services }, token: record.token };
  };

  options = (email: string, user: User, url: string, kind: MailKind, extra?: object) =>
    mailTo(email, user, url, kind, this.settings().emailTemplates, extra);

  private async send(kind: MailKind, { email, user, token }: MailSecret, params?: Record<string, string>) {
    const url = this.settings().urls[kind](token, params);
    const options = await this.options(email, user, url, kind);
    await Email.sendAsync(options);
    // A mail that is printed may break its lines inside the link.
    if (process.env.NODE_ENV !== 'production') console.log(`\n${linkNames[kind]} URL: ${url}`);
    return { email, user, token, url, options };
  }

  private async user(userId: string): Promise<User> {
    const user = await findUser(userId);
    if (!user) throw this.error("Can't find user");
    return user;
  }

  private firstUnverified({ emails = [] }: User): string {
    const found = emails.find(({ verified }) => !verified)?.address;
    if (!found) throw this.error('That user has no unverified email addresses.');
    return found;
  }

  private ownAddress(user: User, email: string | undefined): string {
    if (!email || !addressesOf(user).includes(email)) throw this.error('No such email for user.');
    return email;
  }
}

const linkNames: Record<MailKind, string> = {
  resetPassword: 'Reset password',
  verifyEmail: 'Verification email',
  enrollAccount: 'Enrollment email',
};

type Text = (user: User, url: string, extra?: object) => string | Promise<string>;

/** How one kind of mail looks. The app may replace each part. */
export interface MailTemplate {
  from?: (user: User) => string | Promise<string>;
  subject: Text;
  text?: Text;
  html?: Text;
}

type MailKind = 'resetPassword' | 'verifyEmail' | 'enrollAccount';

/** `Accounts.emailTemplates`. */
type MailTemplates = Record<MailKind, MailTemplate> & {
  from: string;
  siteName: string;
  headers?: Record<string, string>;
  [more: string]: unknown;
};

/** Meteor's own texts, word by word: an app's tests may look for them. */
export function defaultTemplates(siteUrl: string): MailTemplates {
  const templates: MailTemplates = {
    from: 'Accounts Example <no-reply@example.com>',
    siteName: siteUrl.replace(/^https?:\/\//, '').replace(/\/$/, ''),
    resetPassword: {
      subject: () => `How to reset your password on ${templates.siteName}`,
      text: letter('To reset your password'),
    },
    verifyEmail: {
      subject: () => `How to verify email address on ${templates.siteName}`,
      text: letter('To verify your account email'),
    },
    enrollAccount: {
      subject: () => `An account has been created for you on ${templates.siteName}`,
      text: letter('To start using the service'),
    },
  };
  return templates;
}

const letter =
  (purpose: string): Text =>
  ({ profile }, url) =>
    `Hello${profile?.name ? ` ${profile.name}` : ''},\n\n${purpose}, simply click the link below.\n\n${url}\n\nThank you.\n`;

/** The mail to one address, as `Email.sendAsync` takes it. */
async function mailTo(to: string, user: User, url: string, kind: MailKind, templates: MailTemplates, extra = {}) {
  const { from, subject, text, html } = templates[kind];
  return {
    to,
    from: from ? await from(user) : templates.from,
    subject: await subject(user, url, extra),
    ...(text ? { text: await text(user, url, extra) } : {}),
    ...(html ? { html: await html(user, url, extra) } : {}),
    ...(templates.headers ? { headers: templates.headers } : {}),
  };
}
