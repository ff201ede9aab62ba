import {
  alwaysOrMilliseconds,
  bytes,
  count,
  flag,
  group,
  maybeCount,
  maybeFlag,
  maybeOneOf,
  maybeText,
  megabytes,
  milliseconds,
  minutes,
  oneOf,
  passedThrough,
  records,
  requiredSecret,
  requiredText,
  secret,
  secrets,
  share,
  text,
  texts,
  type ValuesOf,
} from './setting';

const day = 86_400_000;

/** What an operator of the console may do, each what those before it may as well. */
export const operatorRoles = ['viewer', 'operator', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** The name of whoever holds `console.operatorToken`. */
export const singleOperator = 'operator';

/** Every setting that the template knows, with its rule, default and description. docs/settings.md is printed from it. */
export const settingsTree = {
  runJobs: maybeFlag(
    'The role: `true` is the jobs role, `false` the web role. Unset: both in one process in development, an error in production.',
  ),
  public: passedThrough('The only part of the settings that the browser receives.'),

  queue: group('The queue of tasks (both roles).', {
    refreshRate: milliseconds(
      'How often a jobs role looks for what nothing announced. Beneath a change stream it is a safety net: of three looks one asks whether there is work, and one asks another question.',
      1_000,
      { min: 50, max: 600_000 },
    ),
    leaseMs: milliseconds('How long a claimed task belongs to its role without a heartbeat.', 30_000, {
      min: 1_000,
      max: 3_600_000,
    }),
    heartbeatMs: milliseconds(
      'How often a role renews the leases of its tasks; at most a third of `leaseMs`.',
      10_000,
      { min: 100, max: 600_000 },
    ),
    batch: count('How many tasks one claim takes at most.', 500, { min: 1, max: 1_000 }),
    concurrency: maybeCount('How many tasks one jobs role runs at once. Unset: as many as its workers take.', {
      min: 1,
      max: 10_000,
    }),
    signingKey: secrets(
      'Signs tasks, so that write access to the database alone is not enough to have one run. One key, or a list for rotation: the first signs, all verify. Both roles need it.',
      { min: 32 },
    ),
    takeOver: flag('Allows a jobs role to take over (and sign) unsigned tasks that meteor-cluster wrote.', false),
  }),

  workers: group('The worker processes (jobs role).', {
    enabled: flag('`false`: this role runs schedules, but no tasks.', true),
    count: maybeCount('How many worker processes. Unset: one per core.', { min: 1, max: 256 }),
    niceness: count('How much lower the CPU priority of workers is than that of the role: 0 (equal) to 19.', 10, {
      min: 0,
      max: 19,
    }),
    prefetch: count(
      'How many tasks wait in the pool for a worker at most; 0: the role claims only tasks that can start at once.',
      500,
      {
        min: 0,
        max: 100_000,
      },
    ),
    keepAlive: alwaysOrMilliseconds(
      'When idle workers exit: after this time (0: at once), or never (`always`).',
      1_000,
    ),
    graceMs: milliseconds(
      'How long a handler has after its `signal` aborted (time-out, cancel) before its worker is killed.',
      5_000,
      { min: 0, max: 600_000 },
    ),
    taskTypes: texts(
      'The task types that this role runs. Unset: all of the catalog. Use it to give heavy tasks a role of their own.',
    ),
    exceptTaskTypes: texts('The task types that this role leaves to others.'),
    env: texts(
      'Names of environment variables that workers inherit beside the usual ones, such as `HTTPS_PROXY` or `MAIL_URL`.',
    ),
    maxTasks: count('A worker is replaced after this many tasks; 0: never for that reason.', 100_000, {
      min: 0,
      max: 1_000_000_000,
    }),
    maxAge: milliseconds('A worker is replaced after this time; 0: never for that reason.', day, {
      min: 0,
      max: 365 * day,
    }),
    maxMemoryMb: megabytes(
      'A worker that takes more memory than this is replaced, between tasks; 0: never for that reason.',
      1_024,
      {
        min: 0,
        max: 1_048_576,
      },
    ),
  }),

  overload: group(
    'Beyond any of these thresholds the jobs role starts no task of low priority; beyond 1.5 times a threshold none of medium, and beyond twice none at all. 0 switches a threshold off.',
    {
      eventLoopDelayMs: milliseconds("The delay of the role's own event loop.", 200, { min: 0, max: 60_000 }),
      cpu: share(
        'The share of all cores in use. No load exceeds 1: by default busy workers do not count as overload.',
        1,
      ),
      freeMemoryMb: megabytes('The free memory of the machine, below which it counts as overloaded.', 64, {
        min: 0,
        max: 1_048_576,
      }),
    },
  ),

  cron: group('SyncedCron, with its original option names (jobs role).', {
    enabled: flag('`false`: this role runs no schedules.', true),
    collectionName: text('The collection of the history of runs.', 'cronHistory'),
    collectionTTL: count('Seconds after which a record of the history is removed; at least 300.', 172_800, {
      min: 300,
      max: 31_536_000,
    }),
    leaseSeconds: count(
      'How many seconds after its last sign of life a process counts as dead; another one then repeats its runs.',
      10,
      { min: 1, max: 3_600 },
    ),
    utc: flag("Schedules without a time zone are in UTC instead of the machine's zone.", false),
    log: flag('Logs a line at the start and the end of each run.', true),
  }),

  log: group('The log on stdout.', {
    format: oneOf('`readable` for people, `json` for machines.', 'readable', ['readable', 'json']),
    level: oneOf('The least important level that is written.', 'info', ['debug', 'info', 'warn', 'error']),
  }),

  link: group('The DDP link from the web role to the jobs role.', {
    url: texts('Where the jobs role answers: one URL, or a list, of which one reachable URL is enough. Web role only.'),
    secret: secret('Both roles share it. Without it in production the link is off.', { min: 32 }),
    waitMs: milliseconds('How long a call waits for the link to come up before it fails.', 5_000, {
      min: 0,
      max: 600_000,
    }),
    retryMs: milliseconds('How often the web role tries to connect again while the jobs role is away.', 2_000, {
      min: 100,
      max: 60_000,
    }),
  }),

  console: group("The operator's console at /console.", {
    operatorToken: secrets(
      'Makes its holder an operator. One token, or a list (one per person); removing one ends its sessions. Unset: nobody can log in.',
      { min: 16 },
    ),
    operators: records(
      'Operators by name, beside the single token, whose holder is an admin. A viewer sees, an operator acts, an admin reads the audit as well.',
      {
        name: requiredText('In the audit.', { min: 1, max: 60 }),
        token: requiredSecret('Logs in.', { min: 16 }),
        role: oneOf('What it may do.', 'viewer', operatorRoles),
      },
    ),
    auditDays: count('How many days the record of what operators did is kept.', 365, { min: 1, max: 3_650 }),
    sessionMinutes: minutes('How long a login lasts.', 480, { min: 1, max: 43_200 }),
    loginsPerMinute: count('Login attempts a minute from one address.', 10, { min: 1, max: 10_000 }),
  }),

  metrics: group('Prometheus metrics at /metrics.', {
    token: secret('A scraper sends it as `Authorization: Bearer …`. Unset: /metrics answers this machine only.', {
      min: 16,
    }),
  }),

  limits: group('How much one visitor may ask of a role.', {
    bodyBytes: bytes('The largest request body, except for uploads.', 1_048_576, { min: 1_024, max: 1_073_741_824 }),
    uploadBytes: bytes('The largest upload.', 15_728_640, { min: 1_024, max: 1_073_741_824 }),
    requestMs: milliseconds('How long a request may take to arrive; the role cuts slower ones off.', 60_000, {
      min: 100,
      max: 3_600_000,
    }),
    connectionsPerAddress: count('DDP connections at once from one address.', 100, { min: 1, max: 1_000_000 }),
    messagesPerSecond: count(
      'DDP messages a second on one connection. Bursts may be five times as large, and as many messages may wait behind a slow method.',
      50,
      {
        min: 1,
        max: 100_000,
      },
    ),
    messageBytes: bytes(
      'The largest DDP message, and the bytes a second on one connection. Bursts may be four times as large, and as much may wait behind a slow method.',
      1_048_576,
      { min: 1_024, max: 67_108_864 },
    ),
    unreadBytes: bytes(
      'The bytes that may wait until the client of one DDP connection reads them; beyond that the role cuts the connection. Leave room for the largest publication.',
      16_777_216,
      { min: 65_536, max: 1_073_741_824 },
    ),
    unreadBytesInAll: bytes(
      'The bytes that may wait for all DDP connections together; beyond that the role cuts those with the most.',
      134_217_728,
      { min: 65_536, max: 17_179_869_184 },
    ),
  }),

  deploy: group('Where ./deploy.sh deploys this role; a running role ignores it.', {
    host: maybeText('The host name on Galaxy, such as `app.example.com`.'),
    owner: maybeText('The account or organization that owns the app on Galaxy.'),
    plan: maybeText('The Galaxy plan.'),
    containerSize: maybeOneOf('The size of its containers.', [
      'tiny',
      'compact',
      'standard',
      'double',
      'quad',
      'octa',
      'dozen',
    ]),
    healthUrl: maybeText('Where deploy.sh checks that the new version runs. Unset: `https://HOST/healthz`.'),
  }),

  monti: passedThrough('For the APM agent `montiapm:agent`; passed on unchanged.', { secret: true }),
  packages: passedThrough('For Meteor packages; passed on unchanged.', { secret: true }),
  'galaxy.meteor.com': passedThrough('For Galaxy (`env`: environment variables); passed on unchanged.', {
    secret: true,
  }),
};

/** Settings after `load`: complete, checked, typed. */
export type Settings = ValuesOf<typeof settingsTree>;
