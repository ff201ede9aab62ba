import Module from 'node:module';
import { hostname, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { App } from '../../app';
import type { AnyCatalog } from '../../catalog';
import { Audit } from '../../console/audit';
import { connect, type DatabaseClock } from '../../database';
import { livingRoles, ProcessRegistry, untakenTypes } from '../../monitor/processes';
import { absent } from '../../node-host/absent';
import { TaskQueueOf } from '../../queue';
import type { QueueCore } from '../../queue/api/queue-core';
import { load, type Settings } from '../../settings';
import { runningLease } from '../database/lease';
import { appSettingsTree, readSettings } from '../json-file';
import type { Flags } from './arguments';

type AnyQueue = TaskQueueOf<Record<string, never>>;

/** What the commands work with. Close it when the command has ended. */
export interface OpenQueue {
  queue: AnyQueue;
  core: QueueCore;
  clock: DatabaseClock;
  registry: ProcessRegistry;
  audit: Audit;
  /** The person at the terminal. */
  operator: { name: string; role: 'admin' };
  /** The settings of the roles, where they are known, and their file. */
  settings?: { file: string; values: Settings; raw: Record<string, unknown> };
  /** Writes what was counted, and closes the connection. */
  close(): Promise<void>;
}

/**
 * Opens the queue of an app: no role is started, and nothing in the database changes.
 *
 * @param root the checkout.
 * @throws one message that says what is missing and what to do.
 */
export async function openQueue(root: string, flags: Pick<Flags, 'settings'>): Promise<OpenQueue> {
  const app = loadApp(root);
  const { url, settingsFile } = await whichDatabase(root, flags.settings);
  const settings = settingsFile === undefined ? undefined : await settingsOf(root, settingsFile);
  const connection = await connect(urlOf(url, settings?.raw), `${app.name}-tasks`);
  try {
    const { db } = connection;
    const catalog = app.catalog as AnyCatalog;
    const identity = { role: 'terminal', version: '', commit: 'unknown' };
    const registry = new ProcessRegistry({
      db,
      identity,
      emit: () => {},
      describe: () => ({ state: '', details: {} }),
    });
    const queue: AnyQueue = new TaskQueueOf();
    queue.declare(app.catalog as Record<string, never>, {}, app.rates, app.ownerField);
    await queue.connect({
      db,
      sender: { appId: app.name, version: 'terminal', rootUrl: process.env.ROOT_URL ?? '' },
      signingKeys: settings?.values.queue.signingKey,
      untakenTypes: async () => untakenTypes(await registry.list(), Object.keys(catalog)),
      livingRoles: async () => livingRoles(await registry.list()),
      keepsIndexes: true,
    });
    const { core } = queue;
    const close = async () => {
      await core.statistics.flush().catch(() => {});
      await connection.close();
    };
    const audit = new Audit(db, settings?.values.console.auditDays ?? 365);
    const operator = { name: `${userInfo().username} at ${hostname()}`, role: 'admin' } as const;
    return { queue, core, clock: core.clock as DatabaseClock, registry, audit, operator, settings, close };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * The app without its host: what its catalog and its checks need is plain Node. Calls of Meteor's packages do nothing
 * here, and nothing of the app is started.
 */
function loadApp(root: string): App {
  const modules = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
  const load = modules._load;
  modules._load = (request, ...rest) =>
    request.startsWith('meteor/') ? absent() : load.call(modules, request, ...rest);
  try {
    return (require(join(root, 'imports/app')) as { app: App }).app;
  } finally {
    modules._load = load;
  }
}

interface Database {
  /** Undefined: it is in the settings. */
  url?: string;
  settingsFile?: string;
}

/** By a foreign address nobody knows with which key its roles sign: the settings of development are no guess then. */
async function whichDatabase(root: string, settings: string | undefined): Promise<Database> {
  const settingsFile = settings && resolve(process.env.INIT_CWD ?? root, settings);
  const url = process.env.MONGO_URL;
  if (url) return { url, ...(settingsFile && { settingsFile }) };
  if (settingsFile && (await hasUrl(settingsFile))) return { settingsFile };
  const lease = await runningLease(join(root, '.local'));
  if (lease) return { url: lease.url, settingsFile: settingsFile ?? join(root, 'settings-jobs.json') };
  throw new Error(
    'No database: MONGO_URL is not set, and no npm start runs here. Start one, or name a database: MONGO_URL=mongodb://host/name npm run tasks -- list',
  );
}

async function hasUrl(file: string): Promise<boolean> {
  return mongoUrlOf(await readSettings(file)) !== undefined;
}

/** Where a deploy has it: docs/deploy.md. */
function mongoUrlOf(raw: Record<string, unknown> | undefined): string | undefined {
  const galaxy = raw?.['galaxy.meteor.com'] as { env?: { MONGO_URL?: string } } | undefined;
  return galaxy?.env?.MONGO_URL;
}

const urlOf = (url: string | undefined, raw: Record<string, unknown> | undefined) => url ?? mongoUrlOf(raw) ?? '';

async function settingsOf(root: string, file: string) {
  const raw = await readSettings(file);
  try {
    return { file, raw, values: load(raw, { production: false, app: appSettingsTree(root) }) };
  } catch (error) {
    throw new Error(`${basename(file)}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws where tasks that this program adds would not be what the roles take. */
export function refuseUnsigned({ settings }: OpenQueue, what: string): void {
  if (settings) return;
  throw new Error(
    `${what} signs what it writes, with the queue.signingKey of the roles: give their settings, --settings settings-jobs.json`,
  );
}

/** Does something of which the audit tells. What can't be recorded is not done. */
export async function audited<T>(
  { audit, operator }: OpenQueue,
  action: string,
  target: Record<string, string>,
  act: () => Promise<T>,
  count = 1,
): Promise<T> {
  const carryOut = await audit.begin({ by: operator, address: 'terminal', action, target, count });
  return carryOut(act);
}
