import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../support/browser';
import { eventually } from '../support/eventually';
import { Mailbox } from '../support/mailbox';
import { eventuallySays, fill, signUp, textOf } from '../support/page';
import { runningPair, startRoles, type TestRoles } from '../support/roles';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(120_000);

let roles: TestRoles;
let browser: Browser;
let mailbox: Mailbox;
let proxy: TcpProxy;
const complaints: string[] = [];

/** Browsers of one person, and one of somebody else. */
let first: Page;
let second: Page;
let stranger: Page;
let administrator: Page;

const ada = 'ada@example.com';
const password = 'a calm sea';

beforeAll(async () => {
  mailbox = await Mailbox.open();
  const env = { MAIL_URL: mailbox.url };
  [roles, browser] = await Promise.all([startRoles({ jobs: false, env }), launchBrowser()]);
  proxy = await TcpProxy.open('127.0.0.1', Number(new URL(roles.webUrl).port));
});
afterAll(async () => {
  await browser?.close();
  await proxy?.close();
  await roles?.stop();
  await mailbox?.close();
  expect(complaints).toEqual([]);
});

/** By the name that links have: what a browser keeps, it keeps for one name. */
const named = (url: string) => url.replace('127.0.0.1', 'localhost');

/** A browser that has never been here. */
async function open(url = named(roles.webUrl)): Promise<Page> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', error => complaints.push(String(error)));
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  await page.waitForSelector('.account, .pulse');
  return page;
}

/** A page behind another one draws nothing, and Chromium would wait for that. */
async function seen(page: Page, selector: string) {
  await page.bringToFront();
  return (await page.waitForSelector(selector))!;
}

async function push(page: Page, name: string): Promise<void> {
  await (await seen(page, `::-p-aria([name="${name}"][role="button"])`)).click();
}

async function signIn(page: Page, email: string, secret: string): Promise<void> {
  await seen(page, 'input[autocomplete=current-password]');
  await fill(page, 'input[name=email]', email);
  await fill(page, 'input[name=password]', secret);
  await page.keyboard.press('Enter');
}

const isIn = (page: Page, email: string) => eventuallySays(page, '.account-menu summary', new RegExp(`^${email}$`));
const isOut = (page: Page) => seen(page, 'form.account');
const hasFocus = (page: Page, selector: string) =>
  eventually(() => page.evaluate(chosen => document.activeElement?.matches(chosen), selector));

/** The link of this kind in the newest mail to somebody that has one. */
const linkTo = (email: string, kind: string): Promise<string> =>
  eventually(() => {
    const mails = mailbox.mails.filter(mail => mail.includes(email)).map(mail => mail.replace(/=\r?\n/g, ''));
    return mails.flatMap(mail => new RegExp(`http\\S+#/${kind}/[\\w-]+`).exec(mail)?.[0] ?? []).at(-1);
  });

test('a person signs up, and is still there after a reload', async () => {
  first = await open();
  await signUp(first, ada, password);
  await isIn(first, ada);
  await first.reload();
  await isIn(first, ada);
});

test('signs in on a second browser; what is wrong is said beside its field, which has the focus', async () => {
  second = await open(`http://localhost:${proxy.port}`);
  await signIn(second, 'ada', '');
  await eventuallySays(second, '.account-field:first-of-type [aria-live]', /looks like ada@example\.com/);
  await hasFocus(second, 'input[name=email][aria-invalid=true]');
  await signIn(second, ada, 'a rough sea');
  await eventuallySays(second, '.account .problem', /do not belong together/);
  await hasFocus(second, 'input[name=password]');
  await signIn(second, ada, password);
  await isIn(second, ada);
});

test('sees what was asked for in either browser; nobody else does', async () => {
  await (await seen(first, '.burn button')).click();
  for (const page of [first, second]) await eventuallySays(page, '.burn button', /Burning/);
  stranger = await open();
  await signUp(stranger, 'ben@example.com', password);
  await isIn(stranger, 'ben@example.com');
  expect(await textOf(stranger, '.burn button')).not.toMatch(/Burning/);
});

test('loses the connection, and is the same person when it comes back', async () => {
  await proxy.cut();
  await eventuallySays(second, '.link-state', /away/);
  await isIn(second, ada);
  await proxy.mend();
  await eventuallySays(second, '.link-state', /Live/);
  await isIn(second, ada);
  await eventuallySays(second, '.burn button', /Burning/);
});

/** What reads the mails, or the log, of roles of its own: somebody else's pair sends its mails elsewhere. */
const testHere = runningPair() ? test.skip : test;

testHere(
  'has forgotten the password, and sets another one by the link of the mail: older logins have ended',
  async () => {
    const page = await open();
    await push(page, 'Forgotten your password?');
    await hasFocus(page, 'input[name=email]');
    await page.type('input[name=email]', ada);
    await page.keyboard.press('Enter');
    await eventuallySays(page, '.account-news', /If ada@example\.com has an account/);
    await page.goto('about:blank');
    await page.goto(await linkTo(ada, 'reset-password'));
    await seen(page, 'input[autocomplete=new-password]');
    await page.type('input[name=password]', 'short');
    await page.keyboard.press('Enter');
    await eventuallySays(page, '.account-field [aria-live]', /8 to 256 characters, not 5/);
    await fill(page, 'input[name=password]', 'another sea');
    await page.keyboard.press('Enter');
    await isIn(page, ada);
    for (const older of [first, second]) await isOut(older);
    await isIn(stranger, 'ben@example.com');
    await page.browserContext().close();
  },
);

testHere('changes the password with the old one, which logs the other browsers out', async () => {
  for (const page of [first, second]) {
    await signIn(page, ada, 'another sea');
    await isIn(page, ada);
  }
  await (await seen(first, '.account-menu summary')).click();
  await push(first, 'Change password');
  await hasFocus(first, 'input[name=oldPassword]');
  const change = async (from: string, to: string) => {
    await fill(first, 'input[name=oldPassword]', from);
    await fill(first, 'input[name=password]', to);
    await first.keyboard.press('Enter');
  };
  await change('a rough sea', 'a third sea');
  await eventuallySays(first, '.account-choices .problem', /not your old password/);
  await change('another sea', 'short');
  await eventuallySays(first, '.account-field + .account-field [aria-live]', /8 to 256 characters, not 5/);
  await change('another sea', 'a third sea');
  await eventuallySays(first, '.account-choices [role=status]', /The password is changed/);
  await isIn(first, ada);
  await isOut(second);
  await signIn(second, ada, 'a third sea');
  await isIn(second, ada);
});

testHere('logs out everywhere', async () => {
  await seen(first, '.account-menu summary');
  await push(first, 'Log out everywhere');
  for (const page of [first, second]) await isOut(page);
  await second.reload();
  await isOut(second);
});

testHere('the printed link makes one person the administrator, who comes to the console', async () => {
  const [link] = await roles.web!.says(/http\S+#\/first-administrator\/\w+/);
  administrator = await open(link);
  await administrator.type('input[name=email]', 'carol@example.com');
  await administrator.type('input[name=password]', password);
  await administrator.keyboard.press('Enter');
  await push(administrator, 'Become the administrator');
  await eventuallySays(administrator, '.console-who', /^carol@example\.com, admin$/);
  expect(await textOf(administrator, '.console-nav')).toMatch(/Audit/);

  await stranger.goto('about:blank');
  await stranger.goto(link);
  await push(stranger, 'Become the administrator');
  await eventuallySays(stranger, '.account .problem', /used or too old/);
  await push(stranger, 'Not now');
  await seen(stranger, '.pulse');
});

testHere('has the mail sent again that confirms the address', async () => {
  const mailsTo = (email: string) => mailbox.mails.filter(mail => mail.includes(email)).length;
  const before = mailsTo('ben@example.com');
  await (await seen(stranger, '.account-menu summary')).click();
  await push(stranger, 'Send the mail again');
  await eventuallySays(stranger, '.account-confirmation [role=status]', /on its way/);
  await eventually(() => mailsTo('ben@example.com') === before + 1);
});

testHere('an administrator gives a role; a viewer sees the console and can do nothing there', async () => {
  const types = new URL('/console/types', administrator.url()).href;
  const pause = '.console main button[aria-label^="pause" i]';
  await administrator.goto(types);
  await seen(administrator, pause);
  await administrator.goto(new URL('/', types).href);
  await (await seen(administrator, '.account-menu summary')).click();
  await seen(administrator, 'input[name=person]');
  await administrator.type('input[name=person]', 'ben@example.com');
  await administrator.select('select[name=role]', 'viewer');
  await push(administrator, 'Give it');
  await eventuallySays(administrator, '.role-form .problem', /ben@example\.com is not confirmed/);
  await stranger.goto('about:blank');
  await stranger.goto(await linkTo('ben@example.com', 'verify-email'));
  await push(stranger, 'Confirm it and sign in');
  await isIn(stranger, 'ben@example.com');
  await eventually(async () => (await stranger.$('.account-confirmation')) === null);
  await push(administrator, 'Give it');
  await seen(stranger, '.account-menu a[href="/console"]');
  await stranger.goto(types);
  await eventuallySays(stranger, '.console-who', /^ben@example\.com, viewer$/);
  await eventuallySays(stranger, '.console main', /burn/);
  expect(await stranger.$$(pause)).toEqual([]);
  expect(await textOf(stranger, '.console-nav')).not.toMatch(/Audit/);
});

test('the console asks all others for a token, and says where one signs in', async () => {
  await second.goto(new URL('/console', second.url()).href);
  await seen(second, '#token');
  expect(await second.$('.console-login a[href="/"]')).not.toBeNull();
});
