/** "How others do it": what was read, where, and when. Nothing here was measured. */
export const othersReadOn = '29 November 2026';

interface Other {
  name: string;
  does: string;
  likeHere: string;
  read: [what: string, url: string][];
}

/** The very version that was read. */
const file = (repository: string, commit: string, path: string): [string, string] => [
  path,
  `https://github.com/${repository}/blob/${commit}/${path}`,
];

const rocket = (commit: string, path: string) => file('RocketChat/Rocket.Chat', commit, path);
const wekan = (commit: string, path: string) => file('wekan/wekan', commit, path);
const kadira = (path: string) => file('kadira-open/kadira-server', '58a4f14bfe2caff3be5cdf8429a813b7a4efe2e8', path);
const montiJobs =
  'https://github.com/monti-apm/docs/blob/ce8ab5104b672d13bfb6474c89d13661a1e8c016/dashboards/jobs-dashboard.md';
const montiSystem =
  'https://github.com/monti-apm/docs/blob/ce8ab5104b672d13bfb6474c89d13661a1e8c016/dashboards/system-dashboard.md';
const blueButton = (commit: string, name: string) =>
  file('bigbluebutton/bigbluebutton', commit, `build/packages-template/bbb-html5/${name}`);

export const others: readonly Other[] = [
  {
    name: 'Rocket.Chat',
    does: 'Its cron jobs (usage report, clean-up of uploads, video conferences, downloads of user data) start inside the Meteor process, on its MongoDB connection. A class of its own around Agenda runs them, one at a time by default, with a look once a minute; a logger in the start file is still named SyncedCron. What is heavy left Meteor: the folder of the enterprise edition holds services with an entry of their own, such as the queue worker, the transcripts and the DDP streamer. The queue worker is plain Node with a health route. It takes work from a message queue in MongoDB, and tries again (five times) only if the service that it calls is not found.',
    likeHere: 'light schedules as in one process, heavy work as in plain Node workers',
    read: [
      rocket('0435d14884fdb67c5fc66283ad3861f566700191', 'packages/cron/src/index.ts'),
      rocket('0ebf5f0672010ef0ae7286e73eb2ca7b0f89411e', 'apps/meteor/server/startup/cron.ts'),
      rocket('58b8c9a135b15c994520a8cfb31ca520faf6dcd8', 'apps/meteor/server/cron/start.ts'),
      rocket('0a662d1381146ca53102289a7e4ddd78f207b9d2', 'ee/apps/queue-worker/src/service.ts'),
      rocket('089a41fbce74f752c452ceadd10462d09b8f1844', 'ee/apps/queue-worker/src/QueueWorker.ts'),
    ],
  },
  {
    name: 'Wekan',
    does: 'Everything is in the one Meteor process. SyncedCron (Quave’s successor of it) runs the hourly archive of old cards. Migrations of the data are jobs of a small queue in MongoDB: every five seconds the process takes the next one, unless CPU use is above 80 %, memory above 95 %, or as many run as half the cores (one to five). A job that was running when the process ended is set back to pending at its next start.',
    likeHere: 'one process, with a brake',
    read: [
      wekan('56a685983b4d74b490788df5ced623ec213b2cd2', 'server/cron/syncedCron.js'),
      wekan('22c62b7b39d3ddbb7a6296d3b9dde79315114166', 'server/autoArchiveCards.js'),
      wekan('0a34ee1b6437dcfd65e31d9bbc9f3ccfa5718ba9', 'server/cronMigrationManager.js'),
      wekan('0acbf30b0346f49c0ee8f5161fb00b4eca8e1a0c', 'server/cronJobStorage.js'),
    ],
  },
  {
    name: 'Kadira, today Monti APM',
    does: 'Kadira’s server is a set of services: engine, aggregation, API and page, of which the compose file gives Meteor settings to the page only. The aggregation (kadira-rma) runs as twelve jobs for each shard. Its page advises systemd or upstart for them and not cron, since they wait by themselves, and finds MongoDB good at serving data, and not good at managing jobs. Monti’s agent watches jobs inside a Meteor app: it follows SyncedCron, Agenda and BullMQ, and shows duration, delay, errors and compute time. Its page on the system advises to keep the latency of the event loop below 100 ms.',
    likeHere: 'plain Node workers; and the advice on 100 ms is the line in the pictures here',
    read: [
      kadira('docker-compose.yml'),
      kadira('kadira-rma/README.md'),
      kadira('kadira-rma/incremental-aggregation.js'),
      ['Monti on jobs', montiJobs],
      ['Monti on the system', montiSystem],
    ],
  },
  {
    name: 'BigBlueButton (its HTML5 client, versions with Meteor)',
    does: 'One Meteor bundle starts several times, and an environment variable says which role a process has: backends for the events, frontends for the users of a meeting. A file of settings takes the number of each, two by default. By its comment zero frontends means both roles in one process, which was the default until February 2021. The backends run at a lower priority (nice 18), and systemd starts one again that has failed.',
    likeHere: 'two roles of one codebase, several processes of each',
    read: [
      blueButton('218c68e4dc52bf7bf80e1db2de210258b143547d', 'bbb-html5-with-roles.conf'),
      blueButton('816c0b9449730a0d25645da5628ee2af9d7976b8', 'bbb-html5-backend@.service'),
      blueButton('0a99271a92e3a3e28dc457ff9e5b689c38ae710f', 'systemd_start.sh'),
    ],
  },
  {
    name: 'Reaction Commerce (while it was a Meteor app)',
    does: 'A durable queue in MongoDB, vsivsi:job-collection, with the handlers in the Meteor process: ten mails at a time, each with a time-out of 20 seconds, a look every five minutes as a backup, and an observer that starts the work as soon as a job is there. Later the queue became a package without Meteor, which says that it is ported from there.',
    likeHere: 'one process with a durable queue',
    read: [
      file('reactioncommerce/reaction', '16ddda501d2ccfcbb61a0d715bef3f42ff5c7081', 'server/jobs/email.js'),
      file('reactioncommerce/reaction-job-queue', '29add007d7d0c1408108f5b210a326e2942669c9', 'README.md'),
    ],
  },
];

export const references: readonly [what: string, url: string][] = [
  [
    'Galaxy: background jobs, one codebase as two apps by its settings',
    'https://galaxy-support.meteor.com/en/article/background-jobs-1t42a7q',
  ],
  ['Meteorhacks: run Meteor on multiple CPUs', 'https://meteorhacks.com/run-meteor-on-multiple-cpus/'],
  ['Meteorhacks: multi-core support for Meteor', 'https://meteorhacks.com/introducing-multi-core-support-for-meteor/'],
  [
    'Meteorhacks: wait time and this.unblock',
    'https://meteorhacks.com/understanding-meteor-wait-time-and-this-unblock/',
  ],
  ['Node.js: do not block the event loop', 'https://nodejs.org/en/learn/asynchronous-work/dont-block-the-event-loop'],
  ['SyncedCron', 'https://github.com/percolatestudio/meteor-synced-cron'],
];

export const meteorhacks =
  'Meteorhacks answered with more of the same: its package `meteorhacks:cluster` starts copies of the Meteor app on one machine and spreads the visitors over them. It uses all cores, and a computing method then stops a share of the visitors, not all. It does not take the work away from the processes that serve people. Its article on wait time is about the queue of one visitor’s messages, which `this.unblock` opens; a blocked event loop stops all visitors, and `this.unblock` changes nothing.';
