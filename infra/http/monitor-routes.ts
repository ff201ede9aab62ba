import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebApp } from 'meteor/webapp';
import type { Emit } from '../monitor/events';
import type { Health } from '../monitor/health';
import type { Metrics } from '../monitor/metrics';
import { isFromThisMachine } from './client-address';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

interface Monitors {
  health: Health;
  metrics: Metrics;
  /** Guards the metrics; without one they are for this machine only. */
  token: string | undefined;
  emit: Emit;
}

/** `/healthz` and `/metrics`, before everything else, so that they answer whatever the app does. */
export function openMonitorRoutes({ health, metrics, token, emit }: Monitors): void {
  const open = (path: string, answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
    WebApp.rawHandlers.get(path, (request, response) => {
      answer(request, response).catch(error => answerFailure(response, () => emit('monitor.failed', { path, error })));
    });
  open('/healthz', (_request, response) => answerHealth(health, response));
  open('/metrics', (request, response) => answerMetrics(metrics, token, request, response));
}

/** Reports a request that failed; the role goes on. */
function answerFailure(response: ServerResponse, say: () => void): void {
  say();
  if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end();
}

async function answerHealth(health: Health, response: ServerResponse): Promise<void> {
  const { code, body } = await health.report();
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

const front = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Jobs role</title></head>
<body><h1>Jobs role</h1><p>Its state: <a href="/healthz">/healthz</a>. The app is at the web role.</p></body></html>
`;

/** The jobs role has no app: `/` says so at once, and nothing else is there but DDP for the link. */
export const jobsFront: Handler = ({ url = '/', method }, response, next) => {
  const path = url.split('?')[0] ?? '/';
  if (/^\/(websocket|sockjs)(\/|$)/.test(path)) return next();
  const isFront = path === '/' && (method === 'GET' || method === 'HEAD');
  response.writeHead(isFront ? 200 : 404, { 'Content-Type': `text/${isFront ? 'html' : 'plain'}; charset=utf-8` });
  response.end(isFront ? front : 'This is the jobs role: the app is at the web role.\n');
};
