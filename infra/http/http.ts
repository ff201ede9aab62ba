import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import { Meteor } from 'meteor/meteor';
import { WebApp, WebAppInternals } from 'meteor/webapp';
import type { App, SecurityAdditions, Service } from '../app';
import type { Emit } from '../monitor/events';
import type { Health } from '../monitor/health';
import type { Metrics } from '../monitor/metrics';
import type { Role, Settings } from '../settings';
import { ThrottledLog } from '../timing/throttled-log';
import { contentSecurityPolicy } from './content-security-policy';
import { jobsFront, openMonitorRoutes } from './monitor-routes';
import { limitBodies, limitPostedMessages, limitSilence } from './request-limits';
import { makeTargetsReadable, refuseBadEscapes } from './request-target';
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

/** The headers that a careful app sets, on every answer. */
async function setSecurityHeaders(additions: SecurityAdditions | undefined): Promise<void> {
  await WebAppInternals.setInlineScriptsAllowed(false);
  const rootUrl = Meteor.absoluteUrl();
  const encrypted = new URL(rootUrl).protocol === 'https:';
  WebApp.rawHandlers.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy(rootUrl, additions) },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'same-origin' },
      strictTransportSecurity: encrypted && { maxAge: 15_552_000, includeSubDomains: false },
    }),
  );
}

/**
 * Names of methods and publications come from clients, and Meteor looks them up in plain objects: without this, anybody
 * may call `toString` or `__proto__`.
 */
function hideMembersOfObject(): void {
  const { method_handlers, publish_handlers } = Meteor.server as unknown as Record<string, object>;
  for (const handlers of [method_handlers, publish_handlers]) if (handlers) Object.setPrototypeOf(handlers, null);
}

/** How long a role that drains waits for uploads and downloads that are under way. */
const patienceMs = 10_000;

/** Knows the requests that have not been answered yet, so that a role does not end in the middle of one. */
class OpenRequests {
  private open = 0;
  private none = () => {};

  /** Goes before all other handlers. */
  readonly count = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    this.open += 1;
    response.once('close', () => {
      this.open -= 1;
      if (this.open === 0) this.none();
    });
    next();
  };

  /** Resolves when all are answered, or when patience is at its end. */
  async answered(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>(resolve => {
      this.none = resolve;
      setTimeout(resolve, patienceMs).unref();
    });
  }
}
