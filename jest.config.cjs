/**
 * Five projects, from quick to slow. `unit` has no database and no I/O but files; all others get one real MongoDB for
 * the whole run, and a database for each test file of their own.
 */
const packagesToTransform = [
  'simpl-schema/',
  'mongo-object/',
  'mingo/',
  'hucre/',
  // It says `await import('os')`, which Jest's sandbox refuses: untransformed, no client could connect.
  'mongodb/lib/runtime_adapters',
];

const oneProject = {
  testEnvironment: 'node',
  // Neither node_modules nor the builds that a run of Meteor leaves, with a package.json of the app's name in each.
  roots: ['client', 'server', 'imports', 'infra', 'packages', 'tests'].map(folder => `<rootDir>/${folder}`),
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
  transformIgnorePatterns: [`/node_modules/(?!(${packagesToTransform.join('|')}))`],
  // A file of a Meteor package, as Meteor and the Node host find it.
  moduleNameMapper: { '^meteor/littledata:synced-cron/(.+)$': '<rootDir>/packages/synced-cron/$1' },
  // A sandbox looks its globals up slowly: decoding a picture in it takes twice as long without this.
  sandboxInjectedGlobals: ['Math'],
};

const withDatabase = {
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
};

const project = (displayName, folders, more = {}) => ({
  ...oneProject,
  ...more,
  displayName,
  testMatch: folders.map(folder => `<rootDir>/tests/${folder}/**/*.test.{ts,tsx}`),
});

module.exports = {
  projects: [
    project('unit', ['app/unit', 'infra/unit']),
    project('integration', ['app', 'infra/contract'], {
      ...withDatabase,
      testPathIgnorePatterns: ['/tests/app/unit/'],
    }),
    project('processes', ['infra/processes', 'infra/faults'], withDatabase),
    project('e2e', ['e2e'], withDatabase),
    // What makes apps of the template: minutes of installing, compiling and testing apps. `npm run test:template` only.
    project('template', ['template'], withDatabase),
  ],
  testSequencer: '<rootDir>/tests/support/longest-first.cjs',
  testTimeout: 120_000,
  // More than cores: half of a test's time it waits for processes.
  maxWorkers: 3,
};
