import type { User } from './users';

type Text = (user: User, url: string, extra?: object) => string | Promise<string>;

/** How one kind of mail looks. The app may replace each part. */
export interface MailTemplate {
  from?: (user: User) => string | Promise<string>;
  subject: Text;
  text?: Text;
  html?: Text;
}

export type MailKind = 'resetPassword' | 'verifyEmail' | 'enrollAccount';

/** `Accounts.emailTemplates`. */
export type MailTemplates = Record<MailKind, MailTemplate> & {
  from: string;
  siteName: string;
  headers?: Record<string, string>;
  [more: string]: unknown;
};

/** Those that Meteor has, word by word: an app's tests may look for them. */
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
export async function mailTo(
  to: string,
  user: User,
  url: string,
  kind: MailKind,
  templates: MailTemplates,
  extra = {},
) {
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
