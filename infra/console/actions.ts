import type { OperatorRole } from '../settings';
import { action } from './define-action';
import { scheduleActions } from './schedule-actions';
import type { TargetKind, Targets } from './targets';

const roles: readonly OperatorRole[] = ['viewer', 'operator', 'admin'];

/** Whether one role may do what needs the other. */
export const covers = (role: OperatorRole, needed: OperatorRole): boolean =>
  roles.indexOf(role) >= roles.indexOf(needed);

/**
 * Everything that an operator can do: one entry each, by the name of its method without `console.`. The page's buttons,
 * the methods, their rate limit and the log all come from here.
 */
export const consoleActions = {
  retryTask: action({
    name: 'retry',
    label: 'Retry',
    describe: id => `Retry ${id}`,
    on: 'failedTask',
    needs: 'operator',
    run: (sources, id) => sources.retry(id),
  }),
  /** Returns the new task's id. */
  replayTask: action({
    name: 'replay',
    label: 'Replay',
    describe: id => `Replay ${id}`,
    on: 'failedTask',
    resend: false,
    needs: 'operator',
    run: (sources, id) => sources.replay(id),
  }),
  cancelTask: action({
    name: 'cancel',
    label: 'Cancel',
    describe: id => `Cancel ${id}`,
    on: 'runningTask',
    needs: 'operator',
    run: (sources, id) => sources.cancel(id),
  }),
  /** It need not wait for its due date. */
  runNow: action({
    name: 'run now',
    label: 'Run now',
    describe: id => `Run ${id} now`,
    on: 'task',
    needs: 'operator',
    run: (sources, id) => sources.runNow(id),
  }),
  snoozeTask: action({
    name: 'snooze',
    label: 'Snooze 1 h',
    describe: id => `Snooze ${id} for an hour`,
    on: 'task',
    resend: false,
    needs: 'operator',
    run: (sources, id) => sources.snooze(id),
  }),
  /** Before all of its type that are not urgent. */
  raiseTask: action({
    name: 'raise',
    label: 'Raise',
    describe: id => `Raise ${id}`,
    on: 'task',
    resend: false,
    needs: 'operator',
    run: (sources, id) => sources.raise(id),
  }),
  removeTask: action({
    name: 'delete',
    label: 'Delete',
    describe: id => `Delete ${id}`,
    on: 'task',
    needs: 'operator',
    run: (sources, id) => sources.remove(id),
  }),
  /** Returns the new task's id. */
  replayMended: action({
    name: 'replay with another payload',
    label: 'Replay',
    describe: ({ id }) => `Replay ${id} with this payload`,
    on: 'mendedTask',
    resend: false,
    needs: 'operator',
    run: (sources, { id, payload }) => sources.replayMended(id, payload),
  }),
  /** Returns the id of the work. */
  bulk: action({
    name: 'bulk work',
    label: 'All',
    describe: ({ kind, ids, q }) => `${kind} ${ids ? `${ids.length} tasks` : `all of ${q}`}`,
    on: 'tasks',
    resend: false,
    needs: 'operator',
    run: (sources, selection) => sources.bulk(selection),
  }),
  stopBulk: action({
    name: 'stop bulk work',
    label: 'Stop',
    describe: id => `Stop ${id}`,
    on: 'bulkWork',
    needs: 'operator',
    run: (sources, id) => sources.stopBulk(id),
  }),
  pause: action({
    name: 'pause',
    label: 'Pause',
    describe: taskType => `Pause ${taskType ?? 'everything'}`,
    on: 'taskType',
    needs: 'operator',
    run: (sources, taskType) => sources.pause(taskType),
  }),
  resume: action({
    name: 'resume',
    label: 'Resume',
    describe: taskType => `Resume ${taskType ?? 'everything'}`,
    on: 'taskType',
    needs: 'operator',
    run: (sources, taskType) => sources.resume(taskType),
  }),
  ...scheduleActions,
  changeLimits: action({
    name: 'change limits',
    label: 'Change limits',
    describe: ({ taskType }) => `Change the limits of ${taskType}`,
    on: 'typeLimits',
    needs: 'operator',
    run: (sources, limits, by) => sources.changeLimits(limits, by),
  }),
  resetLimits: action({
    name: 'reset limits',
    label: 'Take back',
    describe: taskType => `Give ${taskType} the limits of the catalog again`,
    on: 'oneType',
    needs: 'operator',
    run: (sources, taskType) => sources.resetLimits(taskType),
  }),
  /** What it runs ends in it. */
  recycleWorker: action({
    name: 'recycle worker',
    label: 'Recycle',
    describe: ({ pid }) => `Recycle worker ${pid}`,
    on: 'worker',
    needs: 'operator',
    run: (sources, { role, pid }) => sources.recycleWorker(role, pid),
  }),
  /** Whatever keeps it running starts it again. */
  drainRole: action({
    name: 'drain role',
    label: 'Drain',
    describe: role => `Drain ${role}`,
    on: 'jobsRole',
    needs: 'admin',
    run: (sources, role) => sources.drainRole(role),
  }),
  /** Returns the id of the work. */
  retryBatch: action({
    name: 'retry the failed of a batch',
    label: 'Retry the failed',
    describe: batch => `Retry the failed of ${batch}`,
    on: 'batch',
    resend: false,
    needs: 'operator',
    run: (sources, batch) => sources.retryBatch(batch),
  }),
  cancelBatch: action({
    name: 'cancel batch',
    label: 'Cancel',
    describe: batch => `Cancel the batch ${batch}`,
    on: 'batch',
    needs: 'operator',
    run: (sources, batch) => sources.cancelBatch(batch),
  }),
  /** It is mended in the next deploy, or in this one where it has not been seen in it. */
  resolveError: action({
    name: 'resolve error',
    label: 'Resolve',
    describe: fingerprint => `Resolve ${fingerprint}`,
    on: 'errorGroup',
    needs: 'operator',
    run: (sources, fingerprint, by) => sources.resolveError(fingerprint, by),
  }),
  muteError: action({
    name: 'mute error',
    label: 'Mute',
    describe: fingerprint => `Mute ${fingerprint}`,
    on: 'errorGroup',
    needs: 'operator',
    run: (sources, fingerprint, by) => sources.muteError(fingerprint, by),
  }),
  reopenError: action({
    name: 'reopen error',
    label: 'Reopen',
    describe: fingerprint => `Reopen ${fingerprint}`,
    on: 'errorGroup',
    needs: 'operator',
    run: (sources, fingerprint, by) => sources.reopenError(fingerprint, by),
  }),
};

type Actions = typeof consoleActions;
export type ActionName = keyof Actions;
export type AnyAction = Actions[ActionName];

export const actionNames = Object.keys(consoleActions) as ActionName[];

export const methodOf = <Name extends ActionName>(name: Name): `console.${Name}` => `console.${name}`;

/** The actions that the page offers for such a target. */
export const actionsOn = (kind: TargetKind): ActionName[] =>
  actionNames.filter(name => consoleActions[name].on === kind);

export type ActionTarget<Name extends ActionName> = Targets[Actions[Name]['on']];

/** Their methods, as a client calls them. */
export type ActionMethods = {
  [Name in ActionName as `console.${Name}`]: (target: ActionTarget<Name>) => Awaited<ReturnType<Actions[Name]['run']>>;
};
