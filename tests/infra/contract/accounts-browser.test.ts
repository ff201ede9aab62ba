import type { Browser, BrowserContext, Page } from 'puppeteer-core';
import { launchBrowser } from '../../support/browser';
import { eventually } from '../../support/eventually';
import { FixtureHost } from './ddp-client-host';

let host: FixtureHost;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  const page = 'tests/infra/contract/accounts-page.tsx';
  const app = 'tests/infra/contract/ddp-truth/accounts-page-app.ts';
  [host, browser] = await Promise.all([FixtureHost.start(page, app), launchBrowser()]);
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
beforeEach(async () => {
  const visitor = await Visitor.withBrowser();
  await visitor.run(`Meteor.callAsync('acc.reset')`);
  await visitor.page.close();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map(context => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

/** A person at a page, in a browser that remembers. */
class Visitor {
  /** What the page sends, as a proxy between would see it. */
  readonly sent: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  static async withBrowser(path = ''): Promise<Visitor> {
    const context = await browser.createBrowserContext();
    contexts.push(context);
    return Visitor.at(context, path);
  }

  private static async at(context: BrowserContext, path = ''): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage(), context);
    const devtools = await visitor.page.createCDPSession();
    await devtools.send('Network.enable');
    devtools.on('Network.webSocketFrameSent', ({ response }) => visitor.sent.push(response.payloadData));
    visitor.page.on('pageerror', error => complaints.push(String(error)));
    await visitor.page.goto(host.url + path);
    return visitor;
  }

  /** Another page of the same browser. */
  openTab = () => Visitor.at(this.context);
  run = <T>(code: string) => this.page.evaluate(code) as Promise<T>;
  logIn = (name: string, password: string) =>
    this.run<string>(`done(back => Meteor.loginWithPassword('${name}', '${password}', back))`);
  does = (code: string) => this.run<string>(`done(back => ${code})`);
  /** Whom the server takes this page for. */
  known = async () => (await this.run<{ this: string | null }>(`Meteor.callAsync('acc.who')`)).this;
  isShownAs = (name: string) =>
    eventually(async () => (await this.page.$eval('#who', element => element.textContent)) === name);
  isIdle = () => eventually(() => this.page.$('#who[data-busy="false"]'));
}

const mailOf = async (visitor: Visitor): Promise<{ url: string; token: string }> =>
  eventually(() => visitor.run<{ url: string; token: string }>(`Meteor.callAsync('acc.lastMail')`));

describe('a person at a page', () => {
  test('signs up, is logged in, and stays so over a reload', async () => {
    const frank = await Visitor.withBrowser();
    await frank.isShownAs('guest');
    const user = `{ username: 'frank', email: 'frank@truth.example', password: 'a secret', profile: { name: 'Frank' } }`;
    expect(await frank.does(`Accounts.createUser(${user}, back)`)).toBe('fine');
    await frank.isShownAs('frank');
    expect(await frank.run('heard')).toEqual(['login']);
    expect(await frank.run(`new Promise(resolve => Accounts.onLogin(({ type }) => resolve(type)))`)).toBe('resume');
    expect(frank.sent.join()).not.toContain('a secret');
    const id = await frank.known();
    expect(await frank.run('Meteor.userId()')).toBe(id);
    expect(await frank.run(`[localStorage['Meteor.userId'], localStorage['Meteor.loginToken'].length]`)).toEqual([
      id,
      43,
    ]);

    await frank.page.reload();
    expect(await frank.run('been[0]')).toBe(id);
    await frank.isShownAs('frank');
    await frank.isIdle();
    expect(await frank.known()).toBe(id);
    expect(await frank.run('been')).toEqual([id]);
  });

  test('hears why a name, a password or a sign-up is refused', async () => {
    const visitor = await Visitor.withBrowser();
    const refused = 'Something went wrong. Please check your credentials.';
    expect(await visitor.logIn('alice', 'wrong')).toBe(refused);
    expect(await visitor.logIn('nobody', 'secret-a')).toBe(refused);
    expect(await visitor.does(`Accounts.createUser({ username: 'ALICE', password: 'x' }, back)`)).toBe(refused);
    expect(await visitor.does(`Accounts.createUser({ username: 'x', password: '' }, back)`)).toBe(
      'Password may not be empty',
    );
    expect(await visitor.run(`Accounts.createUserAsync({ password: 'x' }).catch(error => error.reason)`)).toBe(
      'Need to set a username or email',
    );
    expect(await visitor.run('heard.join()')).toMatch(/^failure(,failure)*$/);
    await visitor.isShownAs('guest');
    await visitor.isIdle();
    expect(await visitor.run('been')).toEqual([null]);
  });

  test('is in and out in all tabs of a browser', async () => {
    const alice = await Visitor.withBrowser();
    const tab = await alice.openTab();
    await tab.isShownAs('guest');
    expect(await alice.logIn('alice', 'secret-a')).toBe('fine');
    await tab.isShownAs('alice');
    expect(await tab.known()).toBe('acc-alice');

    const third = await tab.openTab();
    await third.isShownAs('alice');
    expect(await third.does('Meteor.logout(back)')).toBe('fine');
    for (const visitor of [alice, tab, third]) {
      await visitor.isShownAs('guest');
      await eventually(async () => (await visitor.known()) === null);
    }
    expect(await third.run('heard')).toContain('logout');
    expect(await third.run(`localStorage['Meteor.loginToken'] ?? null`)).toBeNull();
  });

  test('logs all other browsers out, and stays in', async () => {
    const [here, there] = [await Visitor.withBrowser(), await Visitor.withBrowser()];
    for (const visitor of [here, there]) expect(await visitor.logIn('alice@truth.example', 'secret-a')).toBe('fine');
    const before = await here.run(`localStorage['Meteor.loginToken']`);
    expect(await here.does('Meteor.logoutOtherClients(back)')).toBe('fine');
    await there.isShownAs('guest');
    expect(await there.known()).toBeNull();
    expect(await there.run(`localStorage['Meteor.loginToken'] ?? null`)).toBeNull();

    expect(await here.run(`localStorage['Meteor.loginToken']`)).not.toBe(before);
    await here.page.reload();
    await here.isShownAs('alice');
    expect(await here.known()).toBe('acc-alice');
  });

  test('changes the password, which logs other browsers out', async () => {
    const [here, there] = [await Visitor.withBrowser(), await Visitor.withBrowser()];
    for (const visitor of [here, there]) await visitor.logIn('alice', 'secret-a');
    expect(await here.does(`Accounts.changePassword('wrong', 'secret-n', back)`)).toBeTruthy();
    expect(await here.does(`Accounts.changePassword('secret-a', 'secret-n', back)`)).toBe('fine');
    await there.isShownAs('guest');
    expect(await here.known()).toBe('acc-alice');
    expect(await there.logIn('alice', 'secret-n')).toBe('fine');
  });

  test('writes the own profile', async () => {
    const alice = await Visitor.withBrowser();
    await alice.logIn('alice', 'secret-a');
    const write = (field: string) =>
      alice.run(
        `Meteor.users.updateAsync(Meteor.userId(), { $set: { ${field}: 'new' } }).catch(error => error.reason)`,
      );
    expect(await write(`'profile.name'`)).toBe(1);
    expect(await alice.run('Meteor.user().profile.name')).toBe('new');
    expect(await write('username')).toBe('Access denied');
  });
});

test('a page shows what the user’s roles allow, as they change', async () => {
  const alice = await Visitor.withBrowser();
  const may = (allowed: boolean) =>
    eventually(async () => (await alice.run(`Roles.userIsInRole(Meteor.userId(), 'operator')`)) === allowed);
  await may(false);
  await alice.logIn('alice', 'secret-a');
  await alice.run(`Meteor.callAsync('page.makeOperator', 'acc-alice')`);
  await may(true);
  expect(await alice.run('Roles.getRolesForUserAsync(Meteor.userId())')).toEqual(['operator']);
  await alice.run(`Meteor.callAsync('page.makeVisitor', 'acc-alice')`);
  await may(false);
});

describe('a connection that is lost', () => {
  test('comes back with its user, whom the page has shown all the time', async () => {
    const alice = await Visitor.withBrowser();
    await alice.logIn('alice', 'secret-a');
    await host.kill();
    await eventually(() => alice.run<boolean>('!Meteor.status().connected'));
    const asked = alice.known();
    await host.up();
    await alice.run('Meteor.reconnect()');
    expect(await asked).toBe('acc-alice');
    await alice.isShownAs('alice');
    expect(await alice.run('been')).toEqual([null, 'acc-alice']);
  }, 60_000);

  test('comes back as a guest where the login has been ended meanwhile', async () => {
    const [alice, other] = [await Visitor.withBrowser(), await Visitor.withBrowser()];
    await alice.logIn('alice', 'secret-a');
    await alice.run('Meteor.disconnect()');
    await other.run(`Meteor.callAsync('acc.update', 'acc-alice', { $set: { 'services.resume.loginTokens': [] } })`);
    await alice.run('Meteor.reconnect()');
    await alice.isShownAs('guest');
    expect(await alice.known()).toBeNull();
  });
});

describe('a link of a mail', () => {
  test('sets a new password and logs in', async () => {
    const visitor = await Visitor.withBrowser();
    expect(await visitor.does(`Accounts.forgotPassword({ email: 'alice@truth.example' }, back)`)).toBe('fine');
    const { url, token } = await mailOf(visitor);
    const reader = await Visitor.withBrowser(url.slice(host.url.length));
    expect(await reader.run('[links.join(), linkToken, location.hash]')).toEqual(['reset', token, '']);
    expect(await reader.does(`Accounts.resetPassword(linkToken, 'secret-n', back)`)).toBe('fine');
    await reader.run('linkDone()');
    await reader.isShownAs('alice');
    await reader.page.reload();
    await reader.isShownAs('alice');
    expect(await visitor.logIn('alice', 'secret-n')).toBe('fine');
  });

  test('verifies an address and logs in', async () => {
    const visitor = await Visitor.withBrowser();
    await visitor.run(`Meteor.callAsync('acc.server', 'sendVerificationEmail', 'acc-bob')`);
    const { url } = await mailOf(visitor);
    const reader = await Visitor.withBrowser(url.slice(host.url.length));
    expect(await reader.run('links.join()')).toBe('verify');
    expect(await reader.does('Accounts.verifyEmail(linkToken, back)')).toBe('fine');
    await reader.isShownAs('Bob');
    expect(await reader.run('Meteor.user().emails[0].verified')).toBe(true);
  });

  test('keeps a login that the browser remembers out of the way until the page is through with it', async () => {
    const alice = await Visitor.withBrowser();
    await alice.logIn('alice', 'secret-a');
    await alice.page.goto(`${host.url}/?again#/enroll-account/some-token`);
    expect(await alice.run('[links.join(), Meteor.userId()]')).toEqual(['enroll', null]);
    await alice.run('linkDone()');
    await alice.isShownAs('alice');
  });
});
