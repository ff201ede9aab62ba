import { execFileSync } from 'node:child_process';
import { Meteor } from 'meteor/meteor';
import { name, version } from '../../package.json';
import type { App } from '../app';
import { type Connection, defaultCallTimeoutMs, KeptIndexes, newConnection } from '../database';
import { DatabaseWatch } from '../monitor/database-watch';
import { EventLoopMonitor } from '../monitor/event-loop';
import { Events } from '../monitor/events';
import { Health, type HealthSources } from '../monitor/health';
import { createLog, type Log, logEvents } from '../monitor/log';
import { livingRoles, type ProcessIdentity, ProcessRegistry, untakenTypes } from '../monitor/processes';
import type { Sender } from '../queue/model/task';
import { ignoredSecrets, type Role, redact, roleOf, type Settings, treeOf } from '../settings';
import { followsOplog, isUnderMeteorTool, refusePathInRootUrl } from './environment';

/** The base of every role: log, database, health, and its entry in the register of processes. */
export interface AppContext {
  app: App;
  role: Role;
  settings: Settings;
  events: Events;
  log: Log;
  identity: ProcessIdentity;
  connection: Connection;
  eventLoop: EventLoopMonitor;
  registry: ProcessRegistry;
  health: Health;
  /** The other services' parts of /healthz. */
  healthSources: HealthSources;
  database: DatabaseWatch;
  indexes: KeptIndexes;
}

/** @throws if MONGO_URL is not the address of a MongoDB, or ROOT_URL has a path. */
export function createContext(app: App, settings: Settings): AppContext {
  refusePathInRootUrl();
  const role = roleOf(settings);
  const events = new Events();
  const identity = identify(role);
  const log = createLog({ ...settings.log, name: app.name, time: timeOfLines(), identity });
  logEvents(events, log);
  const { emit } = events;
  emit('role.starting', { role });
  emit('settings.loaded', { settings: redact(settings) });
  for (const setting of ignoredSecrets(Meteor.settings, {
    production: Meteor.isProduction,
    app: treeOf(app.settings),
  }))
    emit('settings.ignored', { setting });
  if (followsOplog()) emit('oplog.followed', {});
  const connection = newConnection(process.env.MONGO_URL ?? '', `${app.name}-${role}`, callTimeout(settings));
  const eventLoop = new EventLoopMonitor();
  const database = new DatabaseWatch({ db: connection.db, emit });
  const healthSources: HealthSources = { identity, database };
  const health = new Health(healthSources);
  const describe = () => ({
    state: health.state,
    details: {
      eventLoop: eventLoop.delay(),
      ...memory(),
      taskTypes: healthSources.taskTypes?.() ?? [],
      heldLoop: healthSources.heldLoop?.() ?? [],
      slots: healthSources.workers?.().slots ?? 0,
      minPriority: healthSources.minPriority?.() ?? null,
    },
  });
  const registry = new ProcessRegistry({ db: connection.db, identity, emit, describe });
  healthSources.untakenTypes = async () => untakenTypes(await registry.list(), Object.keys(app.catalog));
  healthSources.livingRoles = async () => livingRoles(await registry.list());
  return {
    app,
    role,
    settings,
    events,
    log,
    identity,
    connection,
    eventLoop,
    registry,
    health,
    healthSources,
    database,
    indexes: new KeptIndexes({ failed: (of, error) => emit('indexes.failed', { of, error }) }),
  };
}

/** The Meteor tool itself adds the time to each line. */
function timeOfLines(): 'none' | 'short' | 'full' {
  if (isUnderMeteorTool()) return 'none';
  return Meteor.isDevelopment ? 'short' : 'full';
}

/** A call that hangs must be repeated before the leases of this role end. */
function callTimeout({ queue }: Settings): { callTimeoutMs: number } {
  return { callTimeoutMs: Math.max(500, Math.min(defaultCallTimeoutMs, queue.leaseMs / 3)) };
}

const memory = () => ({ memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576) });

/** The identity of this process in /healthz, in the register of processes and in the metrics. */
function identify(role: Role): ProcessIdentity {
  return { role, version, commit: commit() };
}

/** The sender of the tasks that this process adds. */
export function senderOf(): Sender {
  return { appId: process.env.GALAXY_APP_ID ?? name, version, rootUrl: Meteor.absoluteUrl() };
}

/** The commit of the bundle. Meteor provides it; on a developer's machine git does. */
function commit(): string {
  const { gitCommitHash } = Meteor as unknown as { gitCommitHash?: string };
  return process.env.TANDEM_COMMIT ?? gitCommitHash ?? (Meteor.isDevelopment ? checkedOut() : 'unknown');
}

function checkedOut(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
