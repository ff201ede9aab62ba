import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { Service } from '../../app';
import type { Metrics } from '../../monitor/metrics';
import { ThrottledLog } from '../../timing/throttled-log';
import type { Ground } from '../ground';
import { asService } from '../service';
import { setSecurityHeaders } from './headers';
import { hideMembersOfObject } from './names-of-object';
import { OpenRequests } from './open-requests';
import { limitBodies, limitPostedMessages, limitSilence } from './request-limits';
import { makeTargetsReadable } from './request-target';
import { jobsFront, openMonitorRoutes } from './routes';
import { SocketGuard } from './socket-limits';

const refusalsSaidEveryMs = 10_000;

/**
 * Headers, limits and the routes that show a role from outside.
 *
 * @param isLink whether a DDP connection has proved itself to be the link.
 */
export function doors(
  { app, role, settings, health, events }: Ground,
  metrics: Metrics,
  isLink: (connectionId: string) => boolean = () => false,
): Service {
  const { limits } = settings;
  const refusals = new ThrottledLog(refusalsSaidEveryMs, fields => events.emit('connection.refused', fields));
  const requests = new OpenRequests();
  const sockets = new SocketGuard({ limits, refusals, isLink });
  return asService('doors', {
    async start() {
      WebApp.rawHandlers.use(requests.count);
      await setSecurityHeaders(app.security);
      WebApp.rawHandlers.use(limitBodies(limits, app.uploads));
      if (Meteor.isProduction && !settings.metrics.token) events.emit('metrics.localOnly', {});
      openMonitorRoutes({ health, metrics, token: settings.metrics.token, emit: events.emit });
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
  });
}
