import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebApp } from 'meteor/webapp';
import type { Emit } from '../monitor/events';
import type { Health } from '../monitor/health';
import type { Metrics } from '../monitor/metrics';
import { isFromThisMachine } from './client-address';

interface Monitors {
  health: Health;
  metrics: Metrics;
  /** Guards the metrics; without one they answer this machine only. */
  token: string | undefined;
  emit: Emit;
}

/** `/livez`, `/readyz`, `/healthz` and `/metrics`, before everything else, so that they answer whatever the app does. */
export function openMonitorRoutes({ health, metrics, token, emit }: Monitors): void {
  const open = (path: string, answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
    WebApp.rawHandlers.get(path, (request, response) => {
      answer(request, response).catch(error => answerFailure(response, () => emit('monitor.failed', { path, error })));
    });
  // That it answers at all is the answer: the event loop turns.
  open('/livez', async (_request, response) => answerJson(response, { code: 200, body: { alive: true } }));
  open('/readyz', async (_request, response) => answerJson(response, await health.readiness()));
  open('/healthz', async (_request, response) => answerJson(response, await health.report()));
  open('/metrics', (request, response) => answerMetrics(metrics, token, request, response));
}

/** Reports a request that failed; the role goes on. */
function answerFailure(response: ServerResponse, say: () => void): void {
  say();
  if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end();
}

function answerJson(response: ServerResponse, { code, body }: { code: number; body: object }): void {
  response.writeHead(code, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function answerMetrics(
  metrics: Metrics,
  token: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (token === undefined && !isFromThisMachine(request)) return refuseStranger(response);
  if (token !== undefined && !isBearer(request.headers.authorization, token)) return askForToken(response);
  const text = await metrics.text();
  response.writeHead(200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
  response.end(text);
}

function refuseStranger(response: ServerResponse): void {
  response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('Only this machine may ask: the settings have no metrics.token.\n');
}

function askForToken(response: ServerResponse): void {
  response.writeHead(401, { 'WWW-Authenticate': 'Bearer', 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('Ask with the header Authorization: Bearer and the token of the settings, metrics.token.\n');
}

function isBearer(header: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));
}
