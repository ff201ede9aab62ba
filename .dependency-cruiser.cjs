/**
 * Who may know whom (docs/architecture.md). Rules about rooms see imports of types too; those about circles leave out
 * what is marked as a type. Those about what a process loads (`reachable`) see what is left at run time:
 * infra/dev/meteor/import-graph.ts cruises from those entries a second time.
 * tests/infra/contract/architecture.test.ts runs it, and proves of each rule that it catches a planted violation.
 */

/** What every room may know: these know nobody. By `Emit` of the monitor's events every room says what happened. */
const lowest = ['infra/errors/', 'infra/timing/', 'infra/tracing/', 'infra/monitor/events'];

const lowRooms = ['infra/catalog/', 'infra/settings/', 'infra/database/', 'infra/monitor/'];

/** A room may know the named places, the lowest rooms and itself, and of the rest of the repository nothing. */
const knowsOnly = (name, room, places, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^${room}` },
  to: {
    path: '^(client|server|imports|infra|packages)/',
    pathNot: [room, ...lowest, ...places].map(place => `^${place}`),
  },
});

/** The folders of the queue, each of which knows those before it and itself. */
const queueFolders = [
  'model',
  'store',
  'waiting',
  'api',
  'claim',
  'settle',
  'lease',
  'due',
  'wake',
  'dispatch',
  'testing',
];

const queueLayers = queueFolders.map((folder, index) => ({
  name: `queue-${folder}-knows-what-is-before-it`,
  comment: `The order of the folders: ${queueFolders.join(', ')}. Only index.ts and adds-task.ts may know all.`,
  severity: 'error',
  from: { path: `^infra/queue/${folder}/` },
  to: { path: '^infra/queue/', pathNot: `^infra/queue/(${queueFolders.slice(0, index + 1).join('|')})/` },
}));

const mayUseMeteor = '^(client|server|infra/(roles|http|link|console)|imports/(api|ui|role-handlers)|packages)/';
const browserOnlyKnows = '^(client|imports/ui|infra/console)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'type-import'] } },
    },
    {
      name: 'meteor-only-at-the-border',
      comment: 'Everything else is plain Node, so that a worker and a unit test can load it.',
      severity: 'error',
      from: { pathNot: [mayUseMeteor, '\\.d\\.ts$'] },
      to: { path: '^meteor/' },
    },
    knowsOnly('errors-know-nobody', 'infra/errors/', [], 'Every room reports its failures by it.'),
    knowsOnly('timing-knows-nobody', 'infra/timing/', [], 'Every room waits by it.'),
    {
      name: 'tracing-is-low',
      comment: 'Both sides of a task open their spans by it.',
      severity: 'error',
      from: { path: '^infra/tracing/' },
      to: { path: '^(client|server|imports|infra|packages)/', pathNot: '^infra/(tracing|timing)/' },
    },
    knowsOnly('catalog-is-low', 'infra/catalog/', [], 'It knows simpl-schema only.'),
    knowsOnly('settings-are-low', 'infra/settings/', ['infra/catalog/nearest'], 'Settings know nobody.'),
    knowsOnly('database-is-low', 'infra/database/', [], 'It knows the driver only.'),
    knowsOnly('monitor-is-told', 'infra/monitor/', [], 'Others tell it by events; it asks nobody by name.'),
    knowsOnly('queue-arrows', 'infra/queue/', ['infra/catalog/', 'infra/database/']),
    ...queueLayers,
    knowsOnly('schedules-arrows', 'infra/schedules/', ['infra/catalog/', 'infra/database/', 'infra/queue/']),
    knowsOnly(
      'workers-arrows',
      'infra/workers/',
      ['infra/catalog/', 'infra/database/', 'infra/queue/', 'infra/settings/'],
      'Of settings the type of what a handler gets: a worker loads none (a-worker-loads-no-web-code).',
    ),
    knowsOnly(
      'meteor-cluster-arrows',
      'infra/meteor-cluster/',
      ['infra/catalog/', 'infra/queue/', 'infra/workers/'],
      "It offers meteor-cluster's API on top of queue and workers, which do without it.",
    ),
    {
      name: 'two-sides-of-a-worker',
      comment: "The role's side (pool) and the worker's (process) share the protocol and nothing else.",
      severity: 'error',
      from: { path: '^infra/workers/(pool|process|protocol)/' },
      to: { path: '^infra/workers/(pool|process)/', pathNot: '^infra/workers/$1/' },
    },
    knowsOnly('tasks-arrows', 'imports/tasks/', [
      'infra/catalog/',
      'infra/database/',
      'infra/workers/handler',
      'infra/workers/process/serve-role',
    ]),
    {
      name: 'the-machinery-knows-no-app',
      comment: 'imports/app.ts gives it all that it needs, so that a later version can replace it as a whole.',
      severity: 'error',
      from: { path: '^(infra|packages)/' },
      to: { path: '^imports/' },
    },
    knowsOnly('app-seam-is-low', 'infra/app/', ['infra/catalog/', 'infra/database/', 'infra/settings/']),
    knowsOnly(
      'catalog-is-data',
      'imports/tasks/catalog',
      ['infra/catalog/', 'imports/tasks/catalog', 'imports/tasks/[a-z-]+/(task-types|limits)'],
      'Every room reads it, the browser too.',
    ),
    knowsOnly('link-arrows', 'infra/link/', ['infra/catalog/', 'infra/monitor/', 'infra/queue/', 'infra/settings/']),
    knowsOnly('http-arrows', 'infra/http/', ['infra/app/', 'infra/database/', 'infra/monitor/', 'infra/settings/']),
    knowsOnly('console-arrows', 'infra/console/', [
      'infra/catalog/',
      'infra/database/',
      'infra/link/',
      'infra/monitor/',
      'infra/queue/',
      'infra/schedules/',
      'infra/settings/',
    ]),
    knowsOnly('roles-arrows', 'infra/roles/', [
      ...lowRooms,
      'infra/app/',
      'infra/queue/',
      'infra/schedules/',
      'infra/workers/',
      'infra/meteor-cluster/',
      'infra/link/',
      'infra/http/',
      'infra/console/',
      'packages/',
    ]),
    {
      name: 'roles-are-known-by-the-entry',
      severity: 'error',
      from: { pathNot: '^(server/main|infra/roles/)' },
      to: { path: '^infra/roles/' },
    },
    {
      name: 'machinery-of-the-node-host-is-known-by-nobody',
      severity: 'error',
      from: { path: '^(client|server|imports|infra|packages)/', pathNot: '^infra/(node-host|dev)/' },
      to: { path: '^infra/(node-host|dev)/' },
    },
    knowsOnly(
      'node-host-knows-npm-only',
      'infra/node-host/',
      ['server/main'],
      'Its boot imports the entry of the app.',
    ),
    {
      name: 'handlers-run-in-workers-only',
      comment: 'A role that loads a handler pays for its packages, and can be blocked by it.',
      severity: 'error',
      from: { pathNot: '^imports/(app\\.ts|tasks/worker\\.ts|tasks/handlers/)' },
      to: { path: '^imports/tasks/handlers/' },
    },
    {
      name: 'a-worker-loads-no-web-code',
      severity: 'error',
      from: { path: '^imports/tasks/worker\\.ts$' },
      to: {
        path: '^(meteor/|client/|server/|imports/(api|ui|role-handlers)/|infra/(roles|http|link|console|meteor-cluster|schedules|monitor|settings|node-host|dev)/|packages/|node_modules/(express|react|react-dom|helmet|pino|prom-client|ws)/)',
        reachable: true,
      },
    },
    {
      name: 'the-browser-loads-no-machinery',
      severity: 'error',
      from: { path: '^client/main\\.tsx$' },
      to: {
        path: '^(server/|infra/(queue|schedules|workers|meteor-cluster|database|roles|http|link|monitor|tracing|settings|node-host|dev)/|imports/(tasks/handlers|role-handlers)/|node_modules/(mongodb|pino|prom-client|helmet|busboy|hucre|sharp)/)',
        reachable: true,
      },
    },
    {
      name: 'pages-are-known-by-pages',
      severity: 'error',
      from: { path: '^(infra|imports|server)/', pathNot: browserOnlyKnows },
      to: { path: '^(client/|imports/ui/|infra/console/pages/)' },
    },
    {
      name: 'app-does-not-reach-into-the-machinery',
      comment: 'The app uses the front doors: catalog, queue, database, the link and who may operate.',
      severity: 'error',
      from: { path: '^imports/api/' },
      to: { path: '^infra/(roles|workers|meteor-cluster|console|node-host|dev)/' },
    },
    {
      name: 'nothing-knows-the-tests',
      severity: 'error',
      from: { path: '^(client|server|imports|infra|packages)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(tests|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(private|\\.local)/' },
    tsPreCompilationDeps: false, // import-graph.ts sees types by a flag
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.json', '.css'] },
  },
};
