import { createHash } from 'node:crypto';
import { eventually } from '../../support/eventually';
import { Mailbox } from '../../support/mailbox';
import type { Host } from './ddp-truth/host';
import { runningApp } from './ddp-truth/running-app';
import { Talk } from './ddp-truth/talk';

const running = runningApp('accounts-app');
let talk: Talk;

beforeEach(async () => {
  talk = await running.connect();
});
afterEach(() => talk.close());

const users = () => running.database.db.collection('users');
const digest = (password: string) => ({
  digest: createHash('sha256').update(password).digest('hex'),
  algorithm: 'sha-256',
});
const alsoWith = (settings: object, env: NodeJS.ProcessEnv = {}): Promise<Host> =>
  running.app.start({
    mongoUrl: running.database.url,
    env: { METEOR_SETTINGS: JSON.stringify(settings), ...env },
  });
const newUser = async (fields: object = {}): Promise<string> => {
  const name = `user${Math.random()}`;
  const { result } = await talk.call('create', { username: name, email: `${name}@x.org`, password: 'pw', ...fields });
  return result as string;
};

test('makes the indexes that Meteor makes', async () => {
  const indexes = await users().indexes();
  const shown = indexes.map(({ key, unique, sparse }) => [Object.keys(key)[0], unique ?? false, sparse ?? false]);
  expect(shown.sort()).toEqual([
    ['_id', false, false],
    ['emails.address', true, true],
    ['services.email.verificationTokens.token', true, true],
    ['services.password.enroll.token', true, true],
    ['services.password.enroll.when', false, true],
    ['services.password.reset.token', true, true],
    ['services.password.reset.when', false, true],
    ['services.resume.haveLoginTokensToDelete', false, true],
    ['services.resume.loginTokens.hashedToken', true, true],
    ['services.resume.loginTokens.token', true, true],
    ['services.resume.loginTokens.when', false, true],
    ['username', true, true],
  ]);
});

test('logs a user in whom Meteor has stored, with its password of ten rounds', async () => {
  // Of the password "secret-a", by another implementation (libxcrypt): bcrypt of the hex SHA-256.
  const bcrypt = '$2b$10$mYVSf7VIvRjkDgQ1hWuvTefTcSEto9jUDkrg.TB.5m7y4vRGVjZZq';
  const createdAt = new Date();
  await users().insertOne({ _id: 'old' as never, createdAt, username: 'old', services: { password: { bcrypt } } });
  const { result } = await talk.call('login', { user: { username: 'old' }, password: digest('secret-a') });
  expect(result).toMatchObject({ id: 'old', type: 'password' });
});

describe('the user of a call', () => {
  test('is nobody’s outside of methods and publications', async () => {
    expect((await talk.call('outside')).result).toEqual([
      'Meteor.userId can only be invoked in method calls or publications.',
    ]);
  });

  test('is found by a way to log in of the app’s own', async () => {
    const id = await newUser();
    expect((await talk.call('login', { badge: id })).result).toMatchObject({ id, type: 'badge' });
    expect((await talk.call('login', { badge: 'broken' })).error).toMatchObject({ error: 'broken-badge' });
  });

  test('comes with the fields that the app means', async () => {
    const host = await alsoWith({ mode: 'fields' });
    const id = await newUser();
    await talk.call('set', id, { level: 3, secret: 4 });
    const client = await Talk.connected(host.webSocket);
    await client.call('login', { badge: id });
    await eventually(() => client.documents('users')[id]);
    expect(client.documents('users')[id]).toEqual({ username: expect.any(String), level: 3 });
    client.close();
    await host.stop();
  });

  test('may not write its profile where the app denies it', async () => {
    const host = await alsoWith({ mode: 'denied' });
    const client = await Talk.connected(host.webSocket);
    const id = await newUser();
    await client.call('login', { badge: id });
    const { error } = await client.call('/users/updateAsync', { _id: id }, { $set: { 'profile.x': 1 } }, {});
    expect(error).toMatchObject({ error: 403, reason: 'Access denied' });
    client.close();
    await host.stop();
  });

  test.each([
    [{ profile: {} }, /only update documents, not replace them/],
    [{}, /only update documents, not replace them/],
    [{ $rename: { profile: 'x' } }, /Operator \$rename not allowed/],
    [{ $set: { 'profile.x': 1, username: 'x' } }, /^Access denied$/],
    [{ $set: { profileOf: 1 } }, /^Access denied$/],
  ])('may not write %j to its document', async (modifier, reason) => {
    const id = await newUser();
    await talk.call('login', { badge: id });
    const { error } = await talk.call('/users/update', { _id: id }, modifier, {});
    expect(error).toMatchObject({ error: 403, reason: expect.stringMatching(reason) });
  });
});

test('closes a connection whose token another program takes away, as Meteor does', async () => {
  const id = await newUser();
  const client = await running.connect();
  await client.call('login', { badge: id });
  await users().updateOne({ _id: id as never }, { $set: { 'services.resume.loginTokens': [] } });
  await eventually(() => client.closed);
  expect(client.closeCode).toBe(1000);
});

describe('hooks', () => {
  test('that throw keep nobody out, and those that are stopped hear no more', async () => {
    const id = await newUser();
    await talk.call('seen');
    expect((await talk.call('login', { badge: id })).result).toMatchObject({ id });
    expect((await talk.call('seen')).result).toEqual(['badge']);
    await running.host.process.says(/Exception in onLogin callback: Error: the first hook fails/);
    await talk.call('stopSeeing');
    await talk.call('login', { badge: id });
    expect((await talk.call('seen')).result).toEqual([]);
  });
});

describe('passwords', () => {
  test.each([
    ['none', null],
    ['an empty one', ''],
    ['a digest of another length', { digest: 'abc', algorithm: 'sha-256' }],
    ['another algorithm', { digest: 'a'.repeat(64), algorithm: 'md5' }],
    ['one of more than 256 characters', 'x'.repeat(257)],
  ])('refuse %s as a new one', async (_name, password) => {
    const id = await newUser();
    await talk.call('login', { badge: id });
    const { error } = await talk.call('changePassword', digest('pw'), password);
    expect(error).toMatchObject({ error: 400, reason: 'Match failed' });
    expect((await users().findOne({ _id: id as never }))?.services.password.bcrypt).toMatch(/^\$2b\$10\$/);
  });

  test('may be longer where the settings say so, and take the rounds that they say', async () => {
    const host = await alsoWith({ packages: { accounts: { passwordMaxLength: 300, bcryptRounds: 4 } } });
    const client = await Talk.connected(host.webSocket);
    const { result: id } = await client.call('create', { username: 'long', password: 'x'.repeat(300) });
    expect((await users().findOne({ _id: id as never }))?.services.password.bcrypt).toMatch(/^\$2b\$04\$/);
    client.close();
    await host.stop();
  });
});

test('logs in more often than five times in ten seconds where the app takes the limit away', async () => {
  expect((await talk.call('unlimited')).result).toBe(true);
  for (let i = 0; i < 7; i++) expect((await talk.call('login', {})).error).toMatchObject({ error: 400 });
});

describe('mails', () => {
  test('are printed, with a link that no line break cuts', async () => {
    const id = await newUser();
    await talk.call('reset', id);
    await running.host.process.says(/====== BEGIN MAIL #\d+ ======\n\(Not sent: set MAIL_URL to send it\.\)/);
    await running.host.process.says(/Subject: How to reset your password on localhost:\d+/);
    await running.host.process.says(/Reset password URL: http:\/\/localhost:\d+\/#\/reset-password\/[\w-]{43}\n/);
  });

  test('are sent by MAIL_URL, unless a hook keeps them back', async () => {
    const mailbox = await Mailbox.open();
    const host = await alsoWith({}, { MAIL_URL: mailbox.url });
    const client = await Talk.connected(host.webSocket);
    const mail = { from: 'a@x.org', to: 'b@x.org', text: 'Hello' };
    await client.call('mail', { ...mail, subject: 'unwanted' });
    await client.call('mail', { ...mail, subject: 'Wanted' });
    expect(mailbox.mails).toHaveLength(1);
    expect(mailbox.mails[0]).toMatch(/From: a@x.org\r\nTo: b@x.org\r\nSubject: Wanted/);
    client.close();
    await host.stop();
    await mailbox.close();
  });

  test('fail with the address that is no mail server’s', async () => {
    const host = await alsoWith({}, { MAIL_URL: 'http://localhost' });
    const client = await Talk.connected(host.webSocket);
    expect((await client.call('mail', { to: 'b@x.org' })).error).toMatchObject({ error: 500 });
    await host.process.says(/MAIL_URL=http:\/\/localhost must begin with smtp:\/\/ or smtps:\/\//);
    client.close();
    await host.stop();
  });
});
