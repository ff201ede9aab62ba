import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { Service } from '../../app';
import type { Metrics } from '../../monitor/metrics';
import { Seldom } from '../../monitor/seldom';
import type { Ground } from '../ground';
import { asService } from '../service';
import { setSecurityHeaders } from './headers';
import { OpenRequests } from './open-requests';
import { limitBodies, limitSilence } from './request-limits';
import { jobsFront, openMonitorRoutes } from './routes';
import { limitSockets } from './socket-limits';

const refusalsSaidEveryMs = 10_000;
/** The only guest of a jobs role is the link, and it may have much to say. */
const linkFactor = 20;

/** Headers, limits and the routes that show a role from outside. */
export function doors({ app, role, settings, health, events }: Ground, metrics: Metrics): Service {
  const { limits } = settings;
  const refusals = new Seldom(refusalsSaidEveryMs, fields => events.emit('connection.refused', fields));
  const factor = role === 'jobs' ? linkFactor : 1;
  const requests = new OpenRequests();
  return asService('doors', {
    async start() {
      WebApp.rawHandlers.use(requests.count);
      await setSecurityHeaders(app.security);
      WebApp.rawHandlers.use(limitBodies(limits, app.uploads));
      if (Meteor.isProduction && !settings.metrics.token) events.emit('metrics.localOnly', {});
      openMonitorRoutes({ health, metrics, token: settings.metrics.token, emit: events.emit });
      if (role === 'jobs') WebApp.rawHandlers.use(jobsFront);
      limitSilence(WebApp.httpServer, limits.requestMs);
      limitSockets({ ...limits, messagesPerSecond: limits.messagesPerSecond * factor }, refusals);
    },
    stop: () => requests.answered(),
  });
}
