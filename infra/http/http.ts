import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import { Meteor } from 'meteor/meteor';
import { WebApp, WebAppInternals } from 'meteor/webapp';
import type { App, SecurityAdditions, Service } from '../app';
import { isPage } from '../app/pages';
import type { Emit } from '../monitor/events';
import type { Health } from '../monitor/health';
import type { Metrics } from '../monitor/metrics';
import type { Role, Settings } from '../settings';
import { ThrottledLog } from '../timing/throttled-log';
import { contentSecurityPolicy } from './content-security-policy';
import { frontWhile, jobsFront } from './fronts';
import { openMonitorRoutes } from './monitor-routes';
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
  requests: OpenRequests;
}

/**
 * Headers, limits, and the routes that show a role to the outside, as a service. It waits for nothing, and starts before
 * all that may take long: a slow role listens meanwhile, and its `/healthz` must not be answered by the app's page.
 */
export function createHttp({ app, role, settings, health, metrics, emit, isLink, requests }: HttpOptions): Service {
  const { limits } = settings;
  const refusals = new ThrottledLog(refusalsLoggedEveryMs, fields => emit('connection.refused', fields));
  const isStarting = () => health.state === 'starting';
  const sockets = new SocketGuard({ limits, refusals, isLink, isStarting });
  return {
    name: 'http',
    async start() {
      WebApp.rawHandlers.use(requests.count);
      await setSecurityHeaders(app.security);
      WebApp.rawHandlers.use(refuseBadEscapes);
      WebApp.rawHandlers.use(limitBodies(limits, app.uploads));
      if (Meteor.isProduction && !settings.metrics.token) emit('metrics.localOnly', {});
      openMonitorRoutes({ health, metrics, token: settings.metrics.token, emit });
      WebApp.rawHandlers.use(role === 'jobs' ? jobsFront : frontWhile(isStarting));
      limitSilence(WebApp.httpServer, limits.requestMs);
      limitPostedMessages(WebApp.httpServer, limits.messageBytes);
      makeTargetsReadable(WebApp.httpServer);
      hideMembersOfObject();
      sockets.start();
    },
    async stop() {
      sockets.stop();
    },
  };
}

/** The security headers, on every answer. */
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
 * Names of methods and publications come from clients, and Meteor looks them up in plain objects. Without this, anybody
 * could call `toString` or `__proto__`.
 */
function hideMembersOfObject(): void {
  const { method_handlers, publish_handlers } = Meteor.server as unknown as Record<string, object>;
  for (const handlers of [method_handlers, publish_handlers]) if (handlers) Object.setPrototypeOf(handlers, null);
}

const consolePages = ['/console/*'];

/** An address that is no page gets the page with status 404. Both hosts send it with the status that is set before. */
export function markUnknown(pages: readonly string[]): void {
  WebApp.handlers.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    // Of the path alone it is known that it can be decoded: a query may be `?off=100%`.
    const path = decodeURI((request.url ?? '/').split(/[?#]/, 1)[0]!);
    if (!isPage(path, [...pages, ...consolePages])) response.statusCode = 404;
    next();
  });
}

/** How long a draining role waits for uploads and downloads in progress. */
const patienceMs = 10_000;

/** Tracks the unanswered requests, so that a role does not exit in the middle of one. */
export class OpenRequests {
  private open = 0;
  private none = () => {};

  /** Runs before all other handlers. */
  readonly count = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    this.open += 1;
    response.once('close', () => {
      this.open -= 1;
      if (this.open === 0) this.none();
    });
    next();
  };

  /** Resolves when all are answered, or when the time is over. */
  async answered(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>(resolve => {
      this.none = resolve;
      setTimeout(resolve, patienceMs).unref();
    });
  }
}
