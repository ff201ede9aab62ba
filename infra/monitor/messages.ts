import type { EventFields } from './events';

type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Line {
  level: Level;
  text: string;
}

type Writer = (fields: EventFields) => string;

const duration = ({ durationMs }: EventFields) =>
  typeof durationMs === 'number' ? ` in ${Math.round(durationMs)} ms` : '';

const endings: Record<string, string> = {
  timedOut: 'took longer than its type may',
  crashed: 'its worker ended in the middle of it',
};

const ending = ({ outcome }: EventFields) => endings[String(outcome)] ?? 'failed';

const many = (count: unknown, what: string) => (count === 1 ? `1 ${what}` : `${count} ${what}s`);

const nameOf = (role: unknown) => (role === 'both' ? 'a process with both roles' : `the ${role} role`);

/** What an event is called in the log, and how much it matters. An event that is not here is written by its name. */
const lines: Record<string, [Level, string | Writer]> = {
  'role.starting': ['info', ({ role }) => `${nameOf(role)} starts`],
  'role.ready': ['info', ({ role, url }) => `${nameOf(role)} is ready at ${url}`],
  'role.draining': ['info', ({ signal }) => `${signal}: draining; the same signal again ends at once`],
  'role.stopped': ['info', 'drained'],
  'files.swept': ['info', ({ count }) => `removed ${many(count, 'half-written file')} of killed processes`],
  'files.notSwept': ['warn', 'half-written files could not be looked for; trying again in an hour'],
  'service.failed': ['error', ({ service }) => `${service} failed`],
  'listener.failed': ['error', ({ event }) => `a listener of ${event} failed`],
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
  'indexes.failed': ['error', ({ of }) => `the indexes of ${of} could not be made; trying again in 30 s`],
  'processes.failed': ['warn', 'this process could not register itself in the database; it tries again'],

  'task.added': ['debug', ({ count }) => `${many(count, 'task')} added`],
  'task.claimed': ['debug', ({ count }) => `${many(count, 'task')} claimed`],
  'task.started': ['info', 'started'],
  'task.progress': ['debug', 'goes on'],
  'task.done': ['info', fields => `done${duration(fields)}`],
  'task.failed': ['error', fields => `${ending(fields)}${duration(fields)}`],
  'task.retry': ['warn', fields => `${ending(fields)}, to be tried again`],
  'task.snoozed': ['info', ({ why, dueDate }) => `put off until ${(dueDate as Date).toISOString()}: ${why}`],
  'task.cancelled': ['info', 'cancelled'],
  'task.rescued': ['debug', 'rescued from a role that stopped answering'],
  'task.rejected': ['error', 'rejected: it never runs'],
  'task.setAside': ['error', 'failed: somebody has written into it what cannot be worked with'],
  'task.bumped': ['info', 'its deadline is close: its priority is high now'],
  'task.deadlineMissed': ['warn', 'missed its deadline'],
  'task.errorGroup': [
    'error',
    ({ count, name, message }) => `failure number ${count} of its kind: ${name}: ${message}`,
  ],

  'task.failureNotTold': ['error', ({ onFailed, why }) => `${onFailed} could not be added for its failure: ${why}`],
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
  'queue.takenOver': ['info', ({ count }) => `${many(count, 'task')} taken over from meteor-cluster`],
  'queue.takeOverRefused': ['error', 'tasks of meteor-cluster wait: queue.takeOver must allow to sign and run them'],
  'batch.ended': [
    'info',
    ({ name, added, failed }) => `batch ${name} has ended: ${many(added, 'task')}, ${failed} failed`,
  ],
  'queue.cancelled': [
    'info',
    ({ cancelled, requested }) => `${many(cancelled, 'task')} cancelled, ${requested} that run asked to stop`,
  ],
  'queue.promoted': ['debug', ({ count }) => `${many(count, 'task')} promoted: due now`],
  'queue.handedBack': ['info', ({ count }) => `${count} unfinished tasks handed back`],
  'queue.stillHeld': [
    'error',
    ({ count }) => `the database takes nothing back: ${many(count, 'task')} left to be rescued`,
  ],
  'queue.leftInMemory': ['warn', ({ count }) => `unfinished tasks in memory, lost when this process ends: ${count}`],
  'queue.polling': ['warn', ({ refreshRate }) => `no change streams here: the queue is read every ${refreshRate} ms`],
  'queue.overloaded': ['warn', ({ paused }) => `overloaded: nothing starts of priority ${[paused].flat().join(', ')}`],
  'queue.resumed': ['info', 'no longer overloaded'],
  'queue.failed': ['error', ({ step }) => `the queue could not ${step}; it tries again`],
  'queue.databaseLost': ['error', 'the queue lost the database; it goes on when it is back'],
  'queue.databaseBack': ['info', 'the queue has the database again'],
  'schedule.added': ['debug', ({ count }) => `${many(count, 'task')} of stored schedules added`],
  'schedule.missed': ['warn', ({ count }) => `${many(count, 'stored schedule')} had runs that came too late`],
  'schedule.refused': ['error', ({ schedule, why }) => `the schedule "${schedule}" could not add its task: ${why}`],
  'schedule.stopped': ['error', ({ schedule, why }) => `the schedule "${schedule}" has stopped: ${why}`],
  'schedule.unknownType': [
    'warn',
    ({ schedule, taskType }) => `the schedule "${schedule}" waits: this role does not know the type ${taskType}`,
  ],
  'schedule.failed': ['error', 'the stored schedules could not be looked after; trying again'],
  'worker.started': ['debug', 'a worker started'],
  'worker.ended': ['debug', 'a worker ended'],
  'worker.recycled': ['info', ({ why }) => `a worker is replaced: ${why}`],
  'worker.killed': ['warn', ({ why }) => `a worker was killed: ${why}`],
  'worker.crashed': ['error', 'a worker crashed'],
  'worker.startFailed': ['error', ({ why }) => `a worker could not start: ${why}`],
  'worker.timeout': ['warn', ({ timeoutMs }) => `its time-out of ${timeoutMs} ms is over`],
  'worker.malformedMessage': ['error', 'received a malformed message from a worker'],
  'worker.output': ['info', ({ line }) => String(line)],
  'pool.failed': ['error', ({ step }) => `what the pool told (${step}) was not taken in`],
  'workers.off': ['info', 'workers.enabled is false: this role schedules, and runs no task'],
  'monitor.failed': ['error', ({ path }) => `${path} could not be answered`],
  'metrics.localOnly': ['warn', '/metrics answers this machine only: metrics.token is not set'],

  'cluster.started': ['info', 'the cluster started'],
  'cluster.stopped': ['info', 'the cluster stopped'],

  'console.login': ['info', 'an operator logged in'],
  'console.logout': ['info', 'an operator logged out'],
  'console.refused': ['warn', 'a console login was refused'],
  'console.off': ['warn', 'the console is off: console.operatorToken is not set'],
  'console.lookFailed': ['warn', 'the console could not look; it looks again every second'],
  'console.action': ['info', ({ action }) => `operator: ${action}`],

  'link.up': ['info', ({ url }) => `the link to ${url} is up`],
  'link.down': ['warn', ({ url }) => `the link to ${url} is down; durable work goes on by the database`],
  'link.away': [
    'warn',
    ({ url }) => `the jobs role at ${url} is not there yet; the database still carries durable work`,
  ],
  'link.accepted': ['info', 'a web role linked up'],
  'link.refused': ['warn', 'a link was refused'],
  'link.off': ['warn', ({ reason }) => `the link is off: ${reason}`],

  'connection.refused': ['warn', ({ reason }) => `a connection was closed: ${reason}`],
};

/** Words and level for one event. One that brings both along (a handler's log, SyncedCron's) keeps them. */
export function lineOf(name: string, fields: EventFields): Line {
  const { level: ownLevel, message } = fields;
  if (isLevel(ownLevel) && typeof message === 'string') return { level: ownLevel, text: message };
  const [level, text] = lines[name] ?? [levelByName(name), name];
  return { level, text: typeof text === 'string' ? text : text(fields) };
}

const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];
const isLevel = (value: unknown): value is Level => levels.includes(value);

/** What failed, crashed or got lost is worth a second look, also where nobody thought of the event here. */
function levelByName(name: string): Level {
  return /\.(failed|crash|crashed|lost|refused|unknown)/.test(name) ? 'warn' : 'info';
}
