import type { CheckoutFiles } from './checkout-files';

const release = 'METEOR@3.5.2';
const folder = ['packages', 'release', 'platforms', '.finished-upgraders', '.id', '.gitignore'];

/** Core packages of Meteor that an app of this kind may want; the classic bundler, so no rspack. */
const core = `meteor meteor-base mongo ecmascript typescript static-html reactive-var reactive-dict tracker session
  standard-minifier-css standard-minifier-js es5-shim check random ejson ddp ddp-client ddp-server ddp-rate-limiter
  webapp logging fetch url email accounts-base accounts-password accounts-oauth accounts-google accounts-github
  accounts-2fa accounts-passwordless service-configuration roles oauth oauth2 browser-policy-common
  dynamic-import hot-module-replacement shell-server autoupdate reload appcache server-render mobile-experience
  hot-code-push package-version-parser minimongo id-map promise modules`.split(/\s+/);
/** From Atmosphere, and our own. One more is a decision: the Node host and the tests do without it. */
const ours = ['react-meteor-data', 'littledata:synced-cron'];
/** Nothing imports it: that it is there keeps Meteor from reading every write of the database in every process. */
const noOplog = 'disable-oplog';
/** In every app, by meteor-base. */
const always = ['meteor', 'ddp', 'ddp-client', 'ddp-server', 'webapp'];

export function meteorFolder(files: CheckoutFiles): string[] {
  return folder.filter(name => !files.has(`.meteor/${name}`)).map(name => `.meteor/${name}: is missing; commit it`);
}

export function meteorRelease(files: CheckoutFiles): string[] {
  const found = files.text('.meteor/release').trim();
  return found === release ? [] : [`.meteor/release: is ${found}, this was seen to work with ${release}`];
}

export function meteorPackages(files: CheckoutFiles): string[] {
  const listed = files.lines('.meteor/packages').map(line => line.split('@')[0]!);
  const foreign = listed.filter(name => ![...core, ...ours, noOplog].includes(name));
  const missing = ours.filter(name => !listed.includes(name));
  return [
    ...foreign.map(
      name =>
        `.meteor/packages: ${name} is neither core nor ours. If it is meant, add it to infra/dev/meteor/check-meteor-folder.ts`,
    ),
    ...missing.map(name => `.meteor/packages: ${name} is missing`),
    ...floodedByOplog(listed),
    ...importedButMissing(files, listed),
  ];
}

function floodedByOplog(listed: string[]): string[] {
  if (listed.includes(noOplog)) return [];
  return [
    `.meteor/packages: ${noOplog} is missing: a worker's bulk writes would stop the web role (docs/decisions/0010-no-oplog.md)`,
  ];
}

function importedButMissing(files: CheckoutFiles, listed: string[]): string[] {
  const imports = [...files.importedBy(files.sources())].filter(([name]) => name.startsWith('meteor/'));
  return (
    imports
      // `meteor/owner:package/file` is a file of that package.
      .map(([name, by]) => ({ name: name.split('/')[1]!, by: by[0] }))
      .filter(({ name }) => !listed.includes(name) && !always.includes(name))
      .map(({ name, by }) => `.meteor/packages: ${name} is missing, and ${by} imports it`)
  );
}

export function meteorPlatforms(files: CheckoutFiles): string[] {
  const found = files.lines('.meteor/platforms').sort().join(', ');
  return found === 'browser, server'
    ? []
    : [`.meteor/platforms: ${found || 'nothing'}; it should be server and browser`];
}

/** What Meteor has no business with: the machinery of the Node host, tests, measurements, prose. */
const ignored = ['/infra/node-host/', '/infra/dev/', '/tests/', '/bench/', '/docs/'];

export function meteorIgnore(files: CheckoutFiles): string[] {
  const lines = files.has('.meteorignore') ? files.lines('.meteorignore') : [];
  return [
    ...ignored.filter(line => !lines.includes(line)).map(line => `.meteorignore: the line ${line} is missing`),
    ...lines
      .filter(line => !line.startsWith('/'))
      .map(line => `.meteorignore: ${line} matches at any depth, in packages too; begin it with a slash`),
    ...lines.filter(line => line.includes('_build')).map(line => `.meteorignore: ${line} hides what Rspack builds`),
  ];
}
