import { Accounts } from 'meteor/accounts-base';
import { Meteor } from 'meteor/meteor';
import { ReactiveVar } from 'meteor/reactive-var';
import { loginCookie } from '../../api/accounts/schema';
import { reasonOf } from '../call';

/** A link of a mail, or the first administrator's, that has opened the page. */
export interface OpenedLink {
  kind: 'reset' | 'verify' | 'administrator';
  token: string;
  /** The page goes on as always. */
  close(): void;
}

export const openedLink = new ReactiveVar<OpenedLink | undefined>(undefined);

const administratorLink = /^#\/first-administrator\/(\w+)$/;
const anyLink = /^#\/(reset-password|enroll-account|verify-email|first-administrator)\//;

/** Call it before the page starts: links of mails are looked at then, and stored logins taken up. */
export function startAccounts(): void {
  const follow = (kind: OpenedLink['kind']) => (token: string, done: () => void) => {
    const close = () => {
      openedLink.set(undefined);
      done();
    };
    openedLink.set({ kind, token, close });
  };
  Accounts.onResetPasswordLink(follow('reset'));
  Accounts.onEnrollmentLink(follow('reset'));
  Accounts.onEmailVerificationLink(follow('verify'));
  const [, token] = administratorLink.exec(location.hash) ?? [];
  if (token) {
    history.replaceState(null, '', location.pathname);
    follow('administrator')(token, () => {});
  }
  addEventListener('hashchange', () => anyLink.test(location.hash) && location.reload());
  Accounts.onLogin(keepLoginCookie);
  Accounts.onLogout(() => writeCookie(null));
}

const longestLogin = 90 * 24 * 60 * 60;

/** Lets uploads and downloads know the user. Other sites never get the cookie sent along. */
export function keepLoginCookie(): void {
  writeCookie(Accounts._storedLoginToken());
}

function writeCookie(token: string | null): void {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  const age = token ? longestLogin : 0;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet.
  document.cookie = `${loginCookie}=${token ?? ''}; Path=/; Max-Age=${age}; SameSite=Strict${secure}`;
}

type Call = (callback: (error?: Error) => void) => void;

/** A call of accounts as a promise. @param refused what to tell the person instead of Meteor's words for a refusal. */
function asked(call: Call, refused?: string): Promise<void> {
  return new Promise((resolve, reject) =>
    call(error => {
      if (!error) resolve();
      else reject(refused && isRefusal(error) ? new Error(refused) : new Error(reasonOf(error)));
    }),
  );
}

/** It does not say what was wrong: a person at the page is not to learn who has an account. */
const isRefusal = (error: Error) => (error as Meteor.Error).error === 403;

export const signIn = (email: string, password: string) =>
  asked(
    done => Meteor.loginWithPassword({ email }, password, done),
    'Address and password do not belong together. Try again.',
  );

export const signUp = (email: string, password: string) =>
  asked(
    done => Accounts.createUser({ email, password }, done),
    'That did not work. If you have an account with this address, sign in.',
  );

/** Says nothing about whether somebody has the address. */
export const askForMail = (email: string) =>
  asked(done => Accounts.forgotPassword({ email }, error => done(error && isRefusal(error) ? undefined : error)));

const oldLink = 'This link is used or too old. Ask for another mail.';

export const setPassword = (token: string, password: string) =>
  asked(done => Accounts.resetPassword(token, password, done), oldLink);

/** Every other browser is logged out. */
export const changePassword = (old: string, password: string) =>
  asked(done => Accounts.changePassword(old, password, done), 'That is not your old password. Try again.');

export const verifyEmail = (token: string) => asked(done => Accounts.verifyEmail(token, done), oldLink);

export const logOut = () => asked(done => Meteor.logout(done));

/** Every other browser, then this one. */
export async function logOutEverywhere(): Promise<void> {
  await asked(done => Meteor.logoutOtherClients(done));
  await logOut();
}
