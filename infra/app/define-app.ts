import { type AnyCatalog, didYouMean, findNamedRateProblems, type NamedRates, type RunsIn } from '../catalog';
import type { FileStore } from '../database';
import type { Emit } from '../monitor/events';
import type { OperatorRole } from '../settings';

/** A long-lived part of a role. `stop` resolves when it has really stopped; calling it twice is fine. */
export interface Service {
  name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The parts of a role for the app's own services. */
export interface RoleParts {
  /** The app's files (GridFS). */
  files: FileStore;
  /**
   * Creates the app's indexes now, and again whenever somebody has dropped one while the role runs.
   *
   * @throws if they can't be created now.
   */
  keepIndexes(ensure: () => Promise<unknown>): Promise<void>;
  /** Logs an event: `emit('invoice.sent', { level: 'info', message: 'sent', … })`. */
  emit: Emit;
}

/** A route below `/upload/`, which takes larger bodies than any other. */
export interface UploadRoute {
  /** Begins with `/upload/`; includes all paths below it. */
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

type OperatorAnswer = boolean | OperatorRole | { role: OperatorRole; name: string };

/**
 * All that an app gives to the machinery: `imports/app.ts` calls `defineApp` once.
 *
 * @template Schedules the object that takes the schedules: SyncedCron.
 */
export interface App<Schedules = never> {
  /** Short and lower case, such as `shop`: names the app's processes in MongoDB's log, and the app to the tasks' handlers. */
  name: string;
  /** Every task type: `imports/tasks/catalog.ts`. */
  catalog: object;
  /** Where each task type's code is: `imports/tasks/handlers/index.ts`. A role loads none of it. */
  handlers: object;
  /** The same for the types with `runsIn: 'role'`: `imports/role-handlers/index.ts`. The jobs role runs them. */
  roleHandlers?: object;
  /** The rates that handlers take from by `context.rate(name)`: `defineRates`. */
  rates?: NamedRates;
  /** The app's own settings: `imports/settings.ts`. */
  settings?: object;
  /** Adds the cron table; the jobs role calls it. */
  schedules?(cron: Schedules): void;
  /** The methods, publications and routes of the web role. */
  api?(parts: RoleParts): Service;
  /**
   * Who may operate the console beside those who logged in with an operator's token, and in which role: true is an
   * `operator`. With a name, that is what the console and the audit call the user. Asked at each call.
   */
  mayOperate?(userId: string): OperatorAnswer | Promise<OperatorAnswer>;
  /**
   * The field of payloads that says whose a task is, such as `owner`: a user's id, say. Tasks are found by it then
   * (`TaskQueue.ofOwner`).
   */
  ownerField?: string;
  security?: SecurityAdditions;
  /**
   * The addresses of the app's pages, such as `/` and `/orders/*`: every other one answers with the page too, but with status
   * 404. Left out, each address is a page.
   */
  pages?: readonly string[];
  uploads?: readonly UploadRoute[];
  /** Further services of a role, started after its own, such as listeners on `TaskQueue.on`. */
  services?: { web?(parts: RoleParts): Service[]; jobs?(parts: RoleParts): Service[] };
}

/**
 * Checks the app's definition, and returns it.
 *
 * @throws one Error with every problem, each with its field, value and what to do.
 */
export function defineApp<const A extends App>(app: A): A {
  const problems = [
    ...nameProblems(app),
    ...ownerProblems(app),
    ...handlerProblems(app),
    ...findNamedRateProblems(app.rates ?? {}),
    ...securityProblems(app),
    ...pageProblems(app),
    ...uploadProblems(app),
  ];
  if (problems.length > 0) throw new Error(`imports/app.ts is not valid:\n  ${problems.join('\n  ')}`);
  return Object.freeze(app);
}

function nameProblems({ name }: App): string[] {
  if (/^[a-z0-9][a-z0-9-]{0,59}$/.test(name)) return [];
  return [`name: ${JSON.stringify(name)} is not made of up to 60 lower-case letters, digits and -`];
}

/** One that no payload has would find nothing, for ever. */
function ownerProblems({ ownerField, catalog }: App): string[] {
  if (ownerField === undefined) return [];
  const fields = Object.values(catalog as AnyCatalog).flatMap(({ fields: its }) => [...its.keys()]);
  if (fields.includes(ownerField) && !ownerField.includes('.')) return [];
  const remedy = didYouMean(ownerField, fields) || '; name one that the payloads have, or leave it out';
  return [`ownerField: no task type has a field ${JSON.stringify(ownerField)}${remedy}`];
}

/** The compiler checks the same if the registries satisfy `Handlers` and `RoleHandlers`. */
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

function pageProblems({ pages = [] }: App): string[] {
  return pages
    .filter(page => !/^\/[^*?#]*(?<=\/)\*$|^\/[^*?#]*$/.test(page))
    .map(page => `pages: ${JSON.stringify(page)} is no path like "/orders", nor one like "/orders/*"`);
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
