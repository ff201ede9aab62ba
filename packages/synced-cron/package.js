/* global Package, Npm */

Package.describe({
  name: 'littledata:synced-cron',
  version: '2.0.0',
  summary: 'Cron jobs, each run by one of all the processes that share a database; right about time zones',
  documentation: 'README.md',
});

Npm.depends({ '@breejs/later': '4.2.0', 'fastest-levenshtein': '1.0.16' });

Package.onUse(api => {
  api.versionsFrom('3.0');
  api.use(['ecmascript', 'typescript', 'meteor', 'mongo'], 'server');
  // Its output is the default of the logger; every app has it through webapp.
  api.use('logging', 'server', { weak: true });
  api.mainModule('synced-cron.ts', 'server');
  api.export('SyncedCron', 'server');
});
