import type { ConsoleSources } from './sources';

/** What an action is for: a task in one of the page's two lists, a task type or all of them, a schedule. */
export type TargetKind = 'runningTask' | 'failedTask' | 'taskType' | 'schedule';

/** What an action gets: all task types are named by null. */
type Target<Kind extends TargetKind> = Kind extends 'taskType' ? string | null : string;

interface ConsoleAction<Kind extends TargetKind, Result> {
  /** In the log. */
  name: string;
  /** On the button. */
  label: string;
  /** The button's name for screen readers, and what the page says of its success or failure. */
  describe(target: Target<Kind>): string;
  on: Kind;
  /** In the web role. @param target its id or name. */
  run(sources: ConsoleSources, target: Target<Kind>): Promise<Result>;
}

const action = <Kind extends TargetKind, Result>(entry: ConsoleAction<Kind, Result>) => entry;

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
    run: (sources, id) => sources.retry(id),
  }),
  /** Returns the new task's id. */
  replayTask: action({
    name: 'replay',
    label: 'Replay',
    describe: id => `Replay ${id}`,
    on: 'failedTask',
    run: (sources, id) => sources.replay(id),
  }),
  cancelTask: action({
    name: 'cancel',
    label: 'Cancel',
    describe: id => `Cancel ${id}`,
    on: 'runningTask',
    run: (sources, id) => sources.cancel(id),
  }),
  pause: action({
    name: 'pause',
    label: 'Pause',
    describe: taskType => `Pause ${taskType ?? 'everything'}`,
    on: 'taskType',
    run: (sources, taskType) => sources.pause(taskType),
  }),
  resume: action({
    name: 'resume',
    label: 'Resume',
    describe: taskType => `Resume ${taskType ?? 'everything'}`,
    on: 'taskType',
    run: (sources, taskType) => sources.resume(taskType),
  }),
  runSchedule: action({
    name: 'run schedule',
    label: 'Run now',
    describe: schedule => `Run now: ${schedule}`,
    on: 'schedule',
    run: (sources, schedule) => sources.runSchedule(schedule),
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

/** Their methods, as a client calls them. */
export type ActionMethods = {
  [Name in ActionName as `console.${Name}`]: (
    target: Target<Actions[Name]['on']>,
  ) => Awaited<ReturnType<Actions[Name]['run']>>;
};
