import { createHash } from 'node:crypto';
import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import { Mailbox } from '../support/mailbox';
import { startRoles, type TestRoles } from '../support/roles';

jest.setTimeout(60_000);

let roles: TestRoles;
let mailbox: Mailbox;
const clients: ForeignClient[] = [];

beforeAll(async () => {
  mailbox = await Mailbox.open();
  const settings = { web: { public: { appName: 'Ada: the app' } } };
  roles = await startRoles({ jobs: false, settings, env: { MAIL_URL: mailbox.url } });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await roles?.stop();
  await mailbox?.close();
});

async function somebody({ webUrl } = roles): Promise<ForeignClient> {
  const client = await ForeignClient.open(webUrl);
  clients.push(client);
  return client;
}

/** A new user, with the document that the page gets of its own user. */
async function user() {
  const client = await somebody();
  const identity = await client.enter();
  return { client, ...identity, email: await emailOf(client) };
}

/** As the page knows it. */
async function emailOf(client: ForeignClient): Promise<string> {
  const own = () => client.list('users')[0] as { emails?: { address: string }[] } | undefined;
  return eventually(() => own()?.emails?.[0]?.address);
}

/** What the links of this kind in the mails to somebody hold. */
function tokensFor(email: string, kind: string): string[] {
  const mails = mailbox.mails.filter(mail => mail.includes(email)).map(mail => mail.replace(/=\r?\n/g, ''));
  return mails.flatMap(mail => new RegExp(`#/${kind}/([\\w-]+)`).exec(mail)?.[1] ?? []);
}

const tokenFor = (email: string, kind: string) => eventually(() => tokensFor(email, kind)[0]);

/** As a page sends a password. */
const digestOf = (password: string) => ({
  digest: createHash('sha256').update(password).digest('hex'),
  algorithm: 'sha-256',
});

const roleOn = async ({ client }: { client: ForeignClient }) =>
  (await client.call<{ role: string } | undefined>('console.me'))?.role;

describe('a user', () => {
  test('owns what it asks for: nobody else sees it, and nobody gets it without signing in', async () => {
    const [ada, ben, guest] = [await user(), await user(), await somebody()];
    await ada.client.call('burn.start', { seconds: 1, tasks: 2 });
    for (const { client } of [ada, ben]) await client.subscribe('tasks.mine');
    await eventually(() => ada.client.list('visitorTasks').length === 2);
    expect(ben.client.list('visitorTasks')).toEqual([]);
    const [task] = ada.client.list('visitorTasks');
    await expect(ben.client.call('tasks.cancel', task!._id)).rejects.toMatchObject({ error: 'not-found' });
    const asked = guest.call('burn.start', { seconds: 1, tasks: 1 });
    await expect(asked).rejects.toMatchObject({ error: 'not-signed-in' });
  });

  test('is the same one on another connection', async () => {
    const ada = await user();
    const again = await somebody();
    await again.call(...ada.entry);
    expect(await emailOf(again)).toBe(ada.email);
  });

  test('sets a new password by a mail, which ends the logins of before', async () => {
    const ada = await user();
    const other = await somebody();
    await other.call(...ada.entry);
    const visitor = await somebody();
    await visitor.call('forgotPassword', { email: ada.email });
    const password = digestOf('a calm sea');
    await visitor.call('resetPassword', await tokenFor(ada.email, 'reset-password'), password);
    for (const { closed } of [ada.client, other]) await closed;
    expect(await emailOf(visitor)).toBe(ada.email);
  });

  test('ends the logins of its other connections', async () => {
    const ada = await user();
    const other = await somebody();
    await other.call(...ada.entry);
    const { token } = await ada.client.call<{ token: string }>('getNewToken');
    await ada.client.call('removeOtherTokens');
    await other.closed;
    const again = await somebody();
    await expect(again.call(...ada.entry)).rejects.toMatchObject({ error: 403 });
    await again.call('login', { resume: token });
  });

  test('gets a mail by which the address is confirmed, and another one where it asks for it before that', async () => {
    const { email, client } = await user();
    const token = await tokenFor(email, 'verify-email');
    expect(mailbox.mails.at(-1)).toMatch(/^From: "Ada: the app" <no-reply@[\w.]+>\r?$/m);
    await client.call('accounts.sendConfirmation');
    await eventually(() => tokensFor(email, 'verify-email').length === 2);
    await client.call('verifyEmail', token);
    const isVerified = () => JSON.stringify(client.list('users')).includes('"verified":true');
    await eventually(isVerified);
    const again = client.call('accounts.sendConfirmation');
    await expect(again).rejects.toMatchObject({ error: 'bad-input', reason: expect.stringContaining('confirmed') });
  });

  test('writes no profile, which could be of any size: neither at the sign-up nor later', async () => {
    const { client } = await user();
    const [{ _id }] = client.list('users') as [{ _id: string }];
    for (const method of ['update', 'updateAsync']) {
      const written = client.call(`/users/${method}`, { _id }, { $set: { profile: { notes: 'x'.repeat(1_000) } } });
      await expect(written).rejects.toMatchObject({ error: 403 });
    }
    const password = digestOf('a calm sea');
    const asked = client.call('createUser', { email: 'eve@example.com', password, profile: { notes: 'x' } });
    await expect(asked).rejects.toMatchObject({ error: 403, reason: expect.stringContaining('profile') });
  });

  test.each([
    ['a name', { username: 'eve' }, 'username'],
    ['a text for an address', { email: 'eve' }, 'looks like ada@example.com'],
    ['an address of any size', { email: `eve@${'x'.repeat(1_000)}.example` }, 'at most 254 characters'],
  ])('signs up by an address only, and not by %s', async (_, who, reason) => {
    const asked = (await somebody()).call('createUser', { ...who, password: digestOf('a calm sea') });
    await expect(asked).rejects.toMatchObject({ error: 403, reason: expect.stringContaining(reason) });
    expect(roles.web!.output).not.toContain('was not sent');
  });

  test('tries five old passwords in ten seconds, and no more from other connections', async () => {
    const { entry } = await user();
    const outcomes: unknown[] = [];
    for (let connection = 0; connection < 3; connection += 1) {
      const client = await somebody();
      await client.call(...entry);
      for (let times = 0; times < 4; times += 1)
        await client
          .call('changePassword', digestOf('a guess'), digestOf('x'))
          .catch(({ error }) => outcomes.push(error));
    }
    expect(outcomes).toHaveLength(12);
    expect(outcomes[0]).toBe(403);
    expect(outcomes).toContain('too-many-requests');
  });

  test('can ask for that mail three times a minute', async () => {
    const { client } = await user();
    for (let times = 0; times < 3; times += 1) await client.call('accounts.sendConfirmation');
    await expect(client.call('accounts.sendConfirmation')).rejects.toMatchObject({ error: 'too-many-requests' });
  });
});

describe('where no mail can be sent', () => {
  let mailless: TestRoles;
  beforeAll(async () => {
    const env = { NODE_ENV: 'production', TANDEM_NODE_HOST_IN_PRODUCTION: '1', MAIL_URL: undefined };
    mailless = await startRoles({ jobs: false, env });
  });
  afterAll(() => mailless?.stop());

  test('a person signs up all the same, and the log names MAIL_URL', async () => {
    const client = await somebody(mailless);
    await client.enter();
    const email = await emailOf(client);
    const asked = client.call('accounts.sendConfirmation');
    await expect(asked).rejects.toMatchObject({ error: 'mail-not-sent' });
    const [, userId] = await mailless.web!.says(/address of user (\w+) was not sent \(set MAIL_URL/);
    expect(client.list('users')).toMatchObject([{ _id: userId, emails: [{ address: email, verified: false }] }]);
  });
});

describe('the console', () => {
  test("has its first administrator by a link that works once, who gives roles to confirmed addresses, all but the own one's", async () => {
    const [ada, ben, eve] = [await user(), await user(), await user()];
    const [, token] = await roles.web!.says(/first-administrator\/(\w+)/);
    expect(await roleOn(ada)).toBeUndefined();
    const wrong = ada.client.call('accounts.becomeAdministrator', token!.replace(/^./, 'x'));
    await expect(wrong).rejects.toMatchObject({ error: 'link-used' });
    await ada.client.call('accounts.becomeAdministrator', token);
    expect(await roleOn(ada)).toBe('admin');
    const again = eve.client.call('accounts.becomeAdministrator', token);
    await expect(again).rejects.toMatchObject({ error: 'link-used' });
    expect(await roleOn(eve)).toBeUndefined();

    const give = (by: typeof ada, email: string, role: string | null) =>
      by.client.call('accounts.setRole', { email, role });
    await expect(give(ada, ben.email, 'viewer')).rejects.toMatchObject({
      error: 'bad-input',
      reason: expect.stringContaining(`${ben.email} is not confirmed`),
    });
    expect(await roleOn(ben)).toBeUndefined();
    await ben.client.call('verifyEmail', await tokenFor(ben.email, 'verify-email'));
    await give(ada, ben.email.toUpperCase(), 'viewer');
    expect(await roleOn(ben)).toBe('viewer');
    await ben.client.subscribe('console.state');
    await expect(ben.client.call('console.pause', null)).rejects.toMatchObject({ error: 'role-too-low' });
    await give(ada, ben.email, 'operator');
    await ben.client.call('console.pause', null);
    await ben.client.call('console.resume', null);
    await give(ada, ben.email, null);
    await expect(ben.client.call('console.pause', null)).rejects.toMatchObject({ error: 'not-authorized' });

    await expect(give(ben, ben.email, 'admin')).rejects.toMatchObject({ error: 'not-authorized' });
    await expect(give(ada, ada.email, null)).rejects.toMatchObject({ error: 'bad-input' });
    await expect(give(ada, 'nobody@example.com', 'viewer')).rejects.toMatchObject({ error: 'not-found' });
    await expect(give(ada, ben.email, 'king')).rejects.toMatchObject({ error: 'bad-input' });
  });
});
