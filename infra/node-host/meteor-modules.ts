export type Side = 'browser' | 'server';

/** Where the host has what `meteor/<name>` exports: a file of this folder, and the names. */
type Modules = Readonly<Record<string, readonly [file: string, ...names: string[]]>>;

const onBothSides: Modules = {
  check: ['shared/check', 'check', 'Match'],
  ejson: ['shared/ejson', 'EJSON'],
  random: ['shared/random', 'Random'],
  tracker: ['tracker/tracker', 'Tracker'],
};

export const modules: Readonly<Record<Side, Modules>> = {
  server: {
    ...onBothSides,
    'accounts-base': ['accounts/accounts', 'Accounts'],
    'accounts-password': ['accounts/accounts'],
    ddp: ['modules/ddp', 'DDP'],
    'ddp-client': ['modules/ddp', 'DDP'],
    'ddp-rate-limiter': ['ddp/rate-limiter', 'DDPRateLimiter'],
    email: ['email/email', 'Email'],
    meteor: ['modules/meteor', 'Meteor'],
    mongo: ['modules/mongo', 'Mongo', 'MongoInternals'],
    roles: ['roles/roles', 'Roles', 'RolesCollection', 'RoleAssignmentCollection'],
    webapp: ['webapp/http', 'WebApp', 'WebAppInternals'],
  },
  browser: {
    ...onBothSides,
    'accounts-base': ['browser/accounts/accounts', 'Accounts'],
    'accounts-password': ['browser/accounts/accounts'],
    ddp: ['browser/connection', 'DDP'],
    'ddp-client': ['browser/connection', 'DDP'],
    meteor: ['browser/modules/meteor', 'Meteor'],
    mongo: ['browser/modules/mongo', 'Mongo'],
    'react-meteor-data': ['browser/react/hooks', 'useFind', 'useSubscribe', 'useTracker'],
    roles: ['browser/accounts/roles', 'Roles', 'RolesCollection', 'RoleAssignmentCollection'],
    'reactive-var': ['browser/reactive-var', 'ReactiveVar'],
  },
};

/** What accounts add to `Meteor`. */
const ofAccounts = /\bMeteor\.(users|user|userAsync|userId|loggingIn|loggingOut|loginWith\w+|logout\w*)\b/g;
/** The parts of `Meteor` for logins. */
const coveredLogins = ['loginWithPassword', 'loginWithToken'];
const namedImport = /\bimport\s+(?!type\b)(?:\w+\s*,\s*)?\{([^}]*)\}\s*from\s*['"]meteor\/([\w-]+)['"]/g;

/** Something that a file uses and the host lacks. */
export interface Lack {
  text: string;
  /** Where the file names it. */
  at: number;
  /** It exists if any file of the bundle imports one of these packages. */
  unless?: readonly string[];
}

/** The packages that bring accounts. On Meteor .meteor/packages lists them; here an app has them if it imports one. */
export const accountsPackages = ['accounts-base', 'accounts-password', 'roles'];

/** The warning about a package that the host lacks altogether, or on this side. */
export function lackOfPackage(name: string, side: Side): string {
  const other = side === 'browser' ? 'server' : 'browser';
  if (name in modules[other]) return `meteor/${name} is there ${where[other]} only: ${where[side]} it is empty`;
  return `meteor/${name} is not part of the Node host: calls of it do nothing here and give undefined. On Meteor it works: npm run meteor`;
}

const where = { browser: 'in the browser', server: 'on the server' };

/** The names that a file imports from a module of the host, which lacks them on both sides. */
export function lacksIn(text: string): Lack[] {
  if (!text.includes('meteor/')) return [];
  const names = [...text.matchAll(namedImport)].flatMap(lackOfNames);
  const members = [...text.matchAll(ofAccounts)].filter(({ index }) => !isComment(text, index)).map(lackOfMember);
  return [...names, ...members];
}

function lackOfMember({ 0: member, 1: name = '', index }: RegExpExecArray): Lack {
  if (name.startsWith('loginWith') && !coveredLogins.includes(name))
    return {
      text: `${member} is not part of the Node host: it is undefined here. On Meteor it works: npm run meteor`,
      at: index,
    };
  return {
    text: `${member} comes with accounts, which this bundle doesn't import: here nobody is logged in. Import 'meteor/accounts-password' first in the entries of both sides (docs/accounts.md)`,
    at: index,
    unless: accountsPackages,
  };
}

function lackOfNames({ 1: list = '', 2: module = '', index }: RegExpExecArray): Lack[] {
  const there = [modules.server, modules.browser].flatMap(side => side[module]?.slice(1) ?? []);
  if (there.length === 0) return []; // the whole package is missing: the resolver warns of it
  return list
    .split(',')
    .map(name => name.trim().split(/\s/)[0]!)
    .filter(name => name !== '' && name !== 'type' && !there.includes(name))
    .map(name => ({
      text: `${name} of meteor/${module} is not part of the Node host: it is undefined here. On Meteor it works: npm run meteor`,
      at: index,
    }));
}

const isComment = (text: string, at: number) => /^\s*(\/\/|\/?\*)/.test(text.slice(text.lastIndexOf('\n', at) + 1, at));
