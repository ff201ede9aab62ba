import type { CheckoutFiles } from './checkout-files';

const folder = ['packages', 'release', 'platforms', '.finished-upgraders', '.id', '.gitignore'];

/** Nothing imports it: that it is there keeps Meteor from reading every write of the database in every process. */
const noOplog = 'disable-oplog';
/** In every app, by meteor-base. */
const always = ['meteor', 'ddp', 'ddp-client', 'ddp-server', 'webapp'];

export function meteorFolder(files: CheckoutFiles): string[] {
  return folder.filter(name => !files.has(`.meteor/${name}`)).map(name => `.meteor/${name}: is missing; commit it`);
}

/** Which release it is, `.meteor/` says; the code is written for the third. */
export function meteorRelease(files: CheckoutFiles): string[] {
  const found = files.text('.meteor/release').trim();
  return /^METEOR@3\.\d/.test(found) ? [] : [`.meteor/release: is ${found}; the code needs Meteor 3 (METEOR@3.…)`];
}

export function meteorPackages(files: CheckoutFiles): string[] {
  const listed = files.lines('.meteor/packages').map(line => line.split('@')[0]!);
  return [...floodedByOplog(listed), ...importedButMissing(files, listed)];
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
