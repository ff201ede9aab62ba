import { Meteor } from 'meteor/meteor';
import type { App, Service } from '../app';
import type { AnyCatalog } from '../catalog';
import { type Connection, connect, defaultCallTimeoutMs } from '../database';
import { DatabaseWatch } from '../monitor/database-watch';
import { EventLoopMonitor } from '../monitor/event-loop';
import { Events } from '../monitor/events';
import { Health, type HealthSources } from '../monitor/health';
import { createLog, type Log, logEvents } from '../monitor/log';
import { type ProcessIdentity, ProcessRegistry } from '../monitor/processes';
import { ignoredSecrets, type Role, redact, roleOf, type Settings, treeOf } from '../settings';
import { isUnderMeteorTool } from './grace';
import { identify } from './identity';
import { followsOplog } from './oplog';
import { refusePathInRootUrl } from './root-url';
import { asService, serviceOf } from './service';
import { untakenTypes } from './task-types';

/** What every role stands on: log, database, health, and its entry in the register of processes. */
export interface Ground {
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
  /** What the other services add to /healthz. */
  healthSources: HealthSources;
  database: DatabaseWatch;
}

/** @throws where the database does not answer, or ROOT_URL has a path. */
export async function prepareGround(app: App, settings: Settings): Promise<Ground> {
  refusePathInRootUrl();
  const role = roleOf(settings);
  const events = new Events();
  // The Meteor tool writes the time before each line itself.
  const log = createLog({ ...settings.log, time: !isUnderMeteorTool() });
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
  const identity = identify(role);
  const connection = await connect(process.env.MONGO_URL ?? '', `${app.name}-${role}`, callTimeout(settings));
  const eventLoop = new EventLoopMonitor();
  const database = new DatabaseWatch({ db: connection.db, emit });
  const healthSources: HealthSources = { identity, database };
  const health = new Health(healthSources);
  const describe = () => ({
    state: health.state,
    details: { eventLoop: eventLoop.delay(), ...memory(), taskTypes: healthSources.taskTypes?.() ?? [] },
  });
  const registry = new ProcessRegistry({ db: connection.db, identity, emit, describe });
  healthSources.untakenTypes = async () => untakenTypes(await registry.list(), app.catalog as AnyCatalog);
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
  };
}

/** First in each role's list, so that they are stopped last. */
export function groundServices({ connection, eventLoop, database, registry }: Ground): Service[] {
  return [
    asService('database', { stop: () => connection.close() }),
    serviceOf('event loop', eventLoop),
    serviceOf('database watch', database),
    serviceOf('register of processes', registry),
  ];
}

/** A call that hangs must be tried again before the leases of this role are over. */
function callTimeout({ queue }: Settings): { callTimeoutMs: number } {
  return { callTimeoutMs: Math.max(500, Math.min(defaultCallTimeoutMs, queue.leaseMs / 3)) };
}

const memory = () => ({ memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576) });
