import { type AnyCatalog, didYouMean, type RunsIn } from '../catalog';
import type { FileStore } from '../database';
import type { Emit } from '../monitor/events';

/** Something long-lived that a role is made of. `stop` resolves when it has really stopped; calling it twice is fine. */
export interface Service {
  name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What the app's own services find in a role. */
export interface RoleParts {
  /** The app's files (GridFS). */
  files: FileStore;
  /**
   * Makes the app's indexes now, and again whenever somebody has dropped one while the role runs.
   *
   * @throws where they can't be made now.
   */
  keepIndexes(ensure: () => Promise<unknown>): Promise<void>;
  /** Logs an event: `emit('invoice.sent', { level: 'info', message: 'sent', … })`. */
  emit: Emit;
}

/** A route below `/upload/`, which takes larger bodies than any other. */
export interface UploadRoute {
  /** Begins with `/upload/`; whatever lies below it is meant as well. */
  path: string;
  /** The largest file in bytes. Default: the setting `limits.uploadBytes`. */
  maxBytes?: number;
}

/** Sources that the content security policy allows beside the page's own, by directive, such as `imgSrc`. */
export type SecurityAdditions = Partial<Record<(typeof directives)[number], readonly string[]>>;

const directives = [
  'scriptSrc',
  'styleSrc',
  'imgSrc',
  'fontSrc',
  'connectSrc',
  'mediaSrc',
  'frameSrc',
  'formAction',
] as const;

/**
 * What an app gives to the machinery, and all that it gives: `imports/app.ts` says `defineApp` once.
 *
 * @template Schedules what the schedules are added to: SyncedCron.
 */
export interface App<Schedules = never> {
  /** Short and lower case, such as `shop`: names the app's processes in MongoDB's log, and the app to the tasks' handlers. */
  name: string;
  /** Every task type: `imports/tasks/catalog.ts`. */
  catalog: object;
  /** Where each task type's code is: `imports/tasks/handlers/index.ts`. A role loads none of it. */
  handlers: object;
  /** The same of the types with `runsIn: 'role'`: `imports/role-handlers/index.ts`. The jobs role runs it. */
  roleHandlers?: object;
  /** The app's own settings: `imports/settings.ts`. */
  settings?: object;
  /** Adds the cron table; the jobs role calls it. */
  schedules?(cron: Schedules): void;
  /** What the web role serves: methods, publications and routes. */
  api?(parts: RoleParts): Service;
  /** Who may operate the console beside those who logged in with an operator's token. Asked at each call. */
  mayOperate?(userId: string): boolean | Promise<boolean>;
  security?: SecurityAdditions;
  uploads?: readonly UploadRoute[];
  /** Further services of a role, started after its own, such as listeners on `TaskQueue.on`. */
  services?: { web?(parts: RoleParts): Service[]; jobs?(parts: RoleParts): Service[] };
}

/**
 * Checks what the app gives to the machinery, and returns it.
 *
 * @throws one Error with every problem, each with its field, value and what to do.
 */
export function defineApp<const A extends App>(app: A): A {
  const problems = [...nameProblems(app), ...handlerProblems(app), ...securityProblems(app), ...uploadProblems(app)];
  if (problems.length > 0) throw new Error(`imports/app.ts is not valid:\n  ${problems.join('\n  ')}`);
  return Object.freeze(app);
}

function nameProblems({ name }: App): string[] {
  if (/^[a-z0-9][a-z0-9-]{0,59}$/.test(name)) return [];
  return [`name: ${JSON.stringify(name)} is not made of up to 60 lower-case letters, digits and -`];
}

/** The compiler sees the same where the registries satisfy `Handlers` and `RoleHandlers`. */
function handlerProblems({ catalog, handlers, roleHandlers = {} }: App): string[] {
  const types = catalog as AnyCatalog;
  return [
    ...registryProblems(types, 'worker', 'handlers', handlers, 'imports/tasks/handlers/index.ts'),
    ...registryProblems(types, 'role', 'roleHandlers', roleHandlers, 'imports/role-handlers/index.ts'),
  ];
}

function registryProblems(
  catalog: AnyCatalog,
  place: RunsIn,
  registry: string,
  handlers: object,
  file: string,
): string[] {
  const types = Object.values(catalog).flatMap(({ taskType, runsIn }) => (runsIn === place ? [taskType] : []));
  const named = Object.keys(handlers);
  const missing = types.filter(taskType => !named.includes(taskType));
  const unknown = named.filter(name => !types.includes(name));
  const why = (name: string) =>
    Object.hasOwn(catalog, name)
      ? `runs in the ${catalog[name]?.runsIn}: name it where those are`
      : `the catalog has no such task type${didYouMean(name, missing)}`;
  return [
    ...missing.map(taskType => `${registry}.${taskType}: missing; name its module in ${file}`),
    ...unknown.map(name => `${registry}.${name}: ${why(name)}`),
  ];
}

function securityProblems({ security = {} }: App): string[] {
  return Object.keys(security)
    .filter(name => !(directives as readonly string[]).includes(name))
    .map(name => `security.${name}: not a directive that an app adds to${didYouMean(name, directives)}`);
}

function uploadProblems({ uploads = [] }: App): string[] {
  return uploads.flatMap(({ path, maxBytes }) => {
    const problems: string[] = [];
    if (!/^\/upload\/[\w-]+/.test(path)) problems.push(`uploads: ${JSON.stringify(path)} does not lie below /upload/`);
    if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 0))
      problems.push(`uploads: ${path}: maxBytes: ${maxBytes} is not a whole number above 0`);
    return problems;
  });
}
