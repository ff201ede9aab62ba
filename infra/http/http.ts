import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { App, Service } from '../app';
import type { Emit } from '../monitor/events';
import type { Health } from '../monitor/health';
import type { Metrics } from '../monitor/metrics';
import type { Role, Settings } from '../settings';
import { ThrottledLog } from '../timing/throttled-log';
import { jobsFront, openMonitorRoutes } from './monitor-routes';
import { hideMembersOfObject } from './names-of-object';
import { OpenRequests } from './open-requests';
import { limitBodies, limitPostedMessages, limitSilence } from './request-limits';
import { makeTargetsReadable, refuseBadEscapes } from './request-target';
import { setSecurityHeaders } from './security-headers';
import { SocketGuard } from './socket-limits';

const refusalsLoggedEveryMs = 10_000;

interface HttpOptions {
  app: Pick<App, 'security' | 'uploads'>;
  role: Role;
  settings: Pick<Settings, 'limits' | 'metrics'>;
  health: Health;
  metrics: Metrics;
  emit: Emit;
  /** Whether a DDP connection has proved itself to be the link. */
  isLink(connectionId: string): boolean;
}

/** Headers, limits and the routes that show a role from outside, as a service. */
export function createHttp({ app, role, settings, health, metrics, emit, isLink }: HttpOptions): Service {
  const { limits } = settings;
  const refusals = new ThrottledLog(refusalsLoggedEveryMs, fields => emit('connection.refused', fields));
  const requests = new OpenRequests();
  const sockets = new SocketGuard({ limits, refusals, isLink });
  return {
    name: 'http',
    async start() {
      WebApp.rawHandlers.use(requests.count);
      await setSecurityHeaders(app.security);
      WebApp.rawHandlers.use(refuseBadEscapes);
      WebApp.rawHandlers.use(limitBodies(limits, app.uploads));
      if (Meteor.isProduction && !settings.metrics.token) emit('metrics.localOnly', {});
      openMonitorRoutes({ health, metrics, token: settings.metrics.token, emit });
      if (role === 'jobs') WebApp.rawHandlers.use(jobsFront);
      limitSilence(WebApp.httpServer, limits.requestMs);
      limitPostedMessages(WebApp.httpServer, limits.messageBytes);
      makeTargetsReadable(WebApp.httpServer);
      hideMembersOfObject();
      sockets.start();
    },
    async stop() {
      await requests.answered();
      sockets.stop();
    },
  };
}
