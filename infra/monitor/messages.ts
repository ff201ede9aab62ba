import type { EventFields } from './events';

type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Line {
  level: Level;
  text: string;
}

type Writer = (fields: EventFields) => string;

const duration = ({ durationMs }: EventFields, preposition: string) =>
  typeof durationMs === 'number' ? ` ${preposition} ${Math.round(durationMs)} ms` : '';

const endings: Record<string, string> = {
  timedOut: 'timed out',
  crashed: 'its worker died',
};

const ending = ({ outcome }: EventFields) => endings[String(outcome)] ?? 'failed';

const many = (count: unknown, what: string) => (count === 1 ? `1 ${what}` : `${count} ${what}s`);

const nameOf = (role: unknown) => (role === 'both' ? 'a process with both roles' : `the ${role} role`);

/** Level and text of each event in the log. The log shows an event that is not here by its name. */
const lines: Record<string, [Level, string | Writer]> = {
  'role.starting': ['info', ({ role }) => `${nameOf(role)} starts`],
  'role.ready': ['info', ({ role, url }) => `${nameOf(role)} is ready at ${url}`],
  'role.draining': [
    'info',
    ({ signal, failed }) => {
      if (failed) return 'draining, as it could not start';
      return signal ? `${signal}: draining; the same signal again ends at once` : 'draining, as an operator asked';
    },
  ],
  'role.waits': ['info', ({ tasks, forMs }) => `waits for ${tasks}, up to ${Math.round(Number(forMs) / 100) / 10} s`],
  'role.stopped': ['info', 'drained'],
  'files.swept': ['info', ({ count }) => `removed ${many(count, 'half-written file')} of killed processes`],
  'files.notSwept': ['warn', 'could not look for half-written files; trying again in an hour'],
  'service.failed': ['error', ({ service }) => `${service} failed`],
  'listener.failed': ['error', ({ of }) => `a listener of ${of} failed`],
  'settings.loaded': ['debug', 'settings'],
  'settings.ignored': [
    'warn',
    ({ setting }) =>
      `${setting} is the template's own secret, known to everybody: ignored; make one with: openssl rand -hex 32`,
  ],

  'oplog.followed': [
    'warn',
    'Meteor reads every write of the database in this process: unset MONGO_OPLOG_URL, or: meteor add disable-oplog',
  ],

  'database.lost': ['error', 'the database does not answer'],
  'database.back': ['info', 'the database answers again'],
  'indexes.failed': ['error', ({ of }) => `could not make the indexes of ${of}; trying again in 30 s`],
  'processes.failed': ['warn', 'this process could not register itself in the database; it tries again'],

  'task.added': ['debug', ({ count }) => `${many(count, 'task')} added`],
  'task.claimed': ['debug', ({ count }) => `${many(count, 'task')} claimed`],
  'task.started': ['debug', 'started'],
  'task.progress': ['debug', 'reported progress'],
  'task.done': ['info', fields => `done${duration(fields, 'in')}`],
  'task.failed': ['error', fields => `${ending(fields)}${duration(fields, 'after')}`],
  'task.retry': ['warn', fields => `${ending(fields)}, will be tried again`],
  'task.handedBack': ['debug', 'handed back'],
  'task.snoozed': ['info', ({ why, dueDate }) => `put off until ${(dueDate as Date).toISOString()}: ${why}`],
  'task.cancelled': ['info', 'cancelled'],
  'task.rescued': ['debug', 'rescued from a role that stopped answering'],
  'task.rejected': ['error', 'rejected: it never runs'],
  'task.setAside': ['error', 'failed: its document in the database is malformed'],
  'task.bumped': ['info', 'its deadline is close: its priority is high now'],
  'task.deadlineMissed': ['warn', 'missed its deadline'],
  'task.errorGroup': [
    'error',
    ({ count, name, message }) => `failure number ${count} of its kind: ${name}: ${message}`,
  ],

  'task.errorCameBack': [
    'error',
    ({ name, message, commit }) => `it was resolved, and has come back in ${commit}: ${name}: ${message}`,
  ],
  'task.failureNotTold': ['error', ({ onFailed, why }) => `could not add ${onFailed} after its failure: ${why}`],
  'task.heldLoop': [
    'warn',
    ({ taskType, heldMs }) =>
      `${taskType} held the event loop of this role for ${heldMs} ms: let it run in a worker, without runsIn: 'role'`,
  ],
  'task.stillRuns': [
    'warn',
    ({ reason, forMs }) => `still runs, ${forMs} ms after it began, although it was told to stop (${reason})`,
  ],
  'task.lost': ['debug', "lease expired; this role's result is discarded"],
  'queue.lost': ['warn', ({ count }) => `${many(count, 'lease')} expired; this role's results are discarded`],
  'queue.rescued': ['warn', ({ count }) => `${many(count, 'task')} rescued from roles that stopped answering`],

  'queue.unknownType': ['warn', ({ taskType }) => `tasks of type ${taskType} stay queued: this role does not know it`],
  'queue.unknownFollower': [
    'warn',
    ({ taskType }) => `failures are not followed by tasks of type ${taskType} yet: this role does not know it`,
  ],
  'queue.takenOver': ['info', ({ count }) => `${many(count, 'task')} taken over from meteor-cluster`],
  'queue.takeOverRefused': ['error', 'tasks of meteor-cluster wait: set queue.takeOver to sign and run them'],
  'batch.ended': [
    'info',
    ({ name, added, failed }) => `batch ${name} has ended: ${many(added, 'task')}, ${failed} failed`,
  ],
  'batch.abandoned': ['warn', 'a batch is cancelled: whoever was making it died, or was refused by the database'],
  'queue.cancelled': [
    'info',
    ({ cancelled, requested }) =>
      `${many(cancelled, 'task')} cancelled, ${many(requested, 'running task')} asked to stop`,
  ],
  'queue.aged': [
    'info',
    ({ taskType, count, maxWait }) => `${many(count, 'task')} of ${taskType} waited longer than ${maxWait} ms: raised`,
  ],
  'queue.bulkWork': [
    'info',
    ({ kind, state, done, skipped }) => `${kind} of many tasks: ${state}; ${done} done, ${skipped} skipped`,
  ],
  'queue.promoted': ['debug', ({ count }) => `${many(count, 'task')} promoted: due now`],
  'queue.handedBack': ['info', ({ count }) => `${count} unfinished tasks handed back`],
  'queue.stillHeld': [
    'error',
    ({ count }) => `could not hand ${many(count, 'task')} back to the database: another role will rescue them`,
  ],
  'queue.leftInMemory': ['warn', ({ count }) => `unfinished tasks in memory, lost when this process ends: ${count}`],
  'queue.polling': ['warn', ({ refreshRate }) => `no change streams here: the queue is read every ${refreshRate} ms`],
  'queue.overloaded': [
    'warn',
    ({ paused }) => `overloaded: starting no task of priority ${[paused].flat().join(', ')}`,
  ],
  'queue.resumed': ['info', 'no longer overloaded'],
  'queue.failed': ['error', ({ step }) => `the queue could not ${step}; it tries again`],
  'queue.databaseLost': ['error', 'the queue has lost the database; it goes on when the database is back'],
  'queue.databaseBack': ['info', 'the queue has the database again'],
  'cron.paused': [
    'info',
    ({ schedule, operator }) => `the schedule "${schedule}" is paused by ${operator}: its runs are left out`,
  ],
  'cron.resumed': ['info', ({ schedule }) => `the schedule "${schedule}" is resumed`],
  'schedule.added': ['debug', ({ count }) => `${many(count, 'task')} of stored schedules added`],
  'schedule.missed': ['warn', ({ count }) => `${many(count, 'stored schedule')} had runs that came too late`],
  'schedule.refused': ['error', ({ schedule, why }) => `the schedule "${schedule}" could not add its task: ${why}`],
  'schedule.stopped': ['error', ({ schedule, why }) => `the schedule "${schedule}" has stopped: ${why}`],
  'schedule.unknownType': [
    'warn',
    ({ schedule, taskType }) => `the schedule "${schedule}" waits: this role does not know the type ${taskType}`,
  ],
  'schedule.failed': ['error', 'could not run the stored schedules; trying again'],
  'worker.started': ['debug', 'a worker started'],
  'worker.inspector': ['info', ({ port }) => `a worker has its inspector at ${port}`],
  'worker.ended': ['debug', 'a worker ended'],
  'worker.recycled': ['info', ({ why }) => `a worker is replaced: ${why}`],
  'worker.killed': ['warn', ({ why }) => `a worker was killed: ${why}`],
  'worker.crashed': ['error', 'a worker crashed'],
  'worker.startFailed': ['error', ({ why }) => `a worker could not start: ${why}`],
  'worker.startsFail': [
    'error',
    ({ why }) => `no worker has started for a while: no more tasks are claimed for new ones until one does: ${why}`,
  ],
  'worker.handsBack': ['warn', ({ count }) => `no worker starts for ${many(count, 'task')}: handed back to the queue`],
  'worker.timeout': ['warn', ({ timeoutMs }) => `exceeded its time-out of ${timeoutMs} ms`],
  'worker.malformedMessage': ['error', 'received a malformed message from a worker'],
  'worker.output': ['info', ({ line }) => String(line)],
  'pool.failed': ['error', ({ step }) => `the role could not handle an event of the pool (${step})`],
  'workers.off': ['info', 'workers.enabled is false: this role runs schedules, but no tasks'],
  'monitor.failed': ['error', ({ path }) => `could not answer ${path}`],
  'metrics.localOnly': ['warn', '/metrics answers this machine only: metrics.token is not set'],

  'cluster.started': ['info', 'the cluster started'],
  'cluster.stopped': ['info', 'the cluster stopped'],

  'console.login': ['info', 'an operator logged in'],
  'console.logout': ['info', 'an operator logged out'],
  'console.refused': ['warn', 'a console login was refused'],
  'console.off': ['warn', 'the console is off: console.operators and console.operatorToken are not set'],
  'console.lookFailed': ['warn', 'the console could not read its data; it tries again every second'],
  'console.action': ['info', ({ action }) => `operator: ${action}`],

  'link.up': ['info', ({ url }) => `the link to ${url} is up`],
  'link.down': ['warn', ({ url }) => `the link to ${url} is down; tasks still travel through the database`],
  'link.away': [
    'warn',
    ({ url }) => `the jobs role at ${url} is not there yet; tasks still travel through the database`,
  ],
  'link.accepted': ['info', 'a web role linked up'],
  'link.refused': ['warn', 'a link was refused'],
  'link.off': ['warn', ({ reason }) => `the link is off: ${reason}`],

  'connection.refused': ['warn', ({ reason }) => `a connection was closed: ${reason}`],
};

/** Level and text of one event. An event that has both itself (a handler's log, SyncedCron's) keeps them. */
export function lineOf(name: string, fields: EventFields): Line {
  const { level: ownLevel, message } = fields;
  if (isLevel(ownLevel) && typeof message === 'string') return { level: ownLevel, text: message };
  const [level, text] = lines[name] ?? [levelByName(name), name];
  return { level, text: typeof text === 'string' ? text : text(fields) };
}

const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];
const isLevel = (value: unknown): value is Level => levels.includes(value);

/** A failure, a crash or a loss is a warning, even if the event is not in the list. */
function levelByName(name: string): Level {
  return /\.(failed|crash|crashed|lost|refused|unknown)/.test(name) ? 'warn' : 'info';
}
