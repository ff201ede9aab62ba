import type { SendMailOptions, Transporter } from 'nodemailer';
import { settings } from '../boot/settings';
import { OrderedHooks } from '../shared/ordered-hooks';

/** A mail as nodemailer takes it. */
type Mail = SendMailOptions & { mailComposer?: { mail: SendMailOptions } };

/** `packages.email` in the settings: a mail service that nodemailer knows by name. */
interface MailService {
  service?: string;
  user?: string;
  password?: string;
}

const packageSettings = (): MailService => (settings.packages as { email?: MailService } | undefined)?.email ?? {};

const hooks = new OrderedHooks<SendMailOptions>('hookSend');

/** `meteor/email`: sends by `MAIL_URL` (smtp: or smtps:), else by the settings' service, else prints. */
export const Email = {
  /** Replaces the transport. */
  customTransport: undefined as ((mail: SendMailOptions & { packageSettings: MailService }) => unknown) | undefined,

  /** A hook that returns something falsy keeps the mail from being sent. */
  hookSend: (mayBeSent: (mail: SendMailOptions) => unknown) => hooks.register(mayBeSent),

  /** @throws when the mail server refuses the mail or can't be reached */
  async sendAsync({ mailComposer, ...options }: Mail): Promise<unknown> {
    const mail = mailComposer?.mail ?? options;
    if (!(await mayBeSent(mail))) return undefined;
    if (Email.customTransport) return Email.customTransport({ packageSettings: packageSettings(), ...mail });
    const transport = await mailTransport();
    return transport ? transport.sendMail(mail) : print(mail);
  },

  /** Like `sendAsync` without a promise: an error is printed. */
  send(mail: Mail): void {
    Email.sendAsync(mail).catch(error => console.error('Email.send failed:', error));
  },
};

async function mayBeSent(mail: SendMailOptions): Promise<boolean> {
  let allowed = true;
  await hooks.each(async hook => {
    allowed &&= Boolean(await hook(mail));
  });
  return allowed;
}

let known: { key: string; transport: Transporter } | undefined;

/** Replaced when `MAIL_URL` changes. Undefined when mails are printed. */
async function mailTransport(): Promise<Transporter | undefined> {
  const { MAIL_URL: url, NODE_ENV } = process.env;
  const service = packageSettings();
  if (!url && !service.service) {
    if (NODE_ENV === 'production')
      throw new Error('No mail can be sent: set MAIL_URL, like smtp://user:password@host:587');
    return undefined;
  }
  const key = url ?? service.service!;
  if (known?.key !== key) known = { key, transport: await makeTransport(url, service) };
  return known.transport;
}

async function makeTransport(url: string | undefined, { service, user, password }: MailService): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  if (!url) return createTransport({ service, auth: { user, pass: password } });
  if (!/^smtps?:\/\//.test(url)) throw new Error(`MAIL_URL=${url} must begin with smtp:// or smtps://`);
  return createTransport(url);
}

let printed = 0;

async function print(mail: SendMailOptions): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'unix' }).sendMail(mail);
  const number = printed++;
  console.log(
    `====== BEGIN MAIL #${number} ======\n(Not sent: set MAIL_URL to send it.)\n${message}\n====== END MAIL #${number} ======`,
  );
}
