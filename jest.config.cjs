/** Real processes, a real MongoDB, a real browser: one database server for the whole run, a database per test file. */
const packagesToTransform = [
  'simpl-schema/',
  'mongo-object/',
  'mingo/',
  'hucre/',
  // It says `await import('os')`, which Jest's sandbox refuses: untransformed, no client could connect.
  'mongodb/lib/runtime_adapters',
];

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/tests/**/*.test.ts', '<rootDir>/tests/**/*.test.tsx', '<rootDir>/packages/**/*.test.ts'],
  transform: {
    '^.+\\.((t|j)sx?|mjs)$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          target: 'es2022',
          transform: { react: { runtime: 'classic' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // A run of Meteor leaves its builds there, with a package.json of the app's name in each.
  modulePathIgnorePatterns: ['<rootDir>/\\.meteor/local'],
  transformIgnorePatterns: [`/node_modules/(?!(${packagesToTransform.join('|')}))`],
  // A file of a Meteor package, as Meteor and the Node host find it.
  moduleNameMapper: { '^meteor/littledata:synced-cron/(.+)$': '<rootDir>/packages/synced-cron/$1' },
  testSequencer: '<rootDir>/tests/support/longest-first.cjs',
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  // A sandbox looks its globals up slowly: decoding a picture in it takes twice as long without this.
  sandboxInjectedGlobals: ['Math'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
