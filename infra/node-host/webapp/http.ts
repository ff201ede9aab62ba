import { createServer } from 'node:http';
import { resolve } from 'node:path';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import { sendCompressed } from './compressed';
import { serveDevelopment } from './development';
import { clientFolder, page, pageState, runtimeConfigScript, setInlineScriptsAllowed } from './page';

const createApp = (): Express => express().disable('x-powered-by').disable('etag');

/** Handlers before everything else, files and page included: security headers, for example. */
export const rawHandlers = createApp();
/** Handlers after the files and before the page. */
export const handlers = createApp();
export const expressApp = createApp();
export const httpServer = createServer(expressApp);

serveDevelopment(expressApp, httpServer, pageState);
expressApp.use(rawHandlers);
expressApp.get('/meteor_runtime_config.js', (_request, response) => {
  response.type('js').set('Cache-Control', 'no-cache').send(runtimeConfigScript());
});
expressApp.get(['/main.js', '/main.css'], sendCompressed);
expressApp.use(files(clientFolder(), { without: ['/main.html'] }));
expressApp.use(files(resolve(process.env.TANDEM_PUBLIC_DIR ?? 'public'), { without: [] }));
expressApp.use(handlers);
expressApp.use(servePage);
expressApp.use(answerFailure);

/** Serves the files of a folder. If the path has a hash of the content, browsers may cache it for ever. */
function files(folder: string, { without }: { without: string[] }): RequestHandler {
  const serve = express.static(folder, { index: false, redirect: false, cacheControl: false });
  return (request, response, next) => {
    if (without.includes(request.path)) return next();
    const lasting = 'hash' in request.query;
    response.set('Cache-Control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    serve(request, response, error => {
      response.removeHeader('Cache-Control');
      next(error);
    });
  };
}

/** Browsers ask for these by themselves; a page in their place would confuse them. */
const noPage = new Set(['/favicon.ico', '/robots.txt', '/app.manifest']);

async function servePage(...[request, response]: Parameters<RequestHandler>): Promise<void> {
  if (noPage.has(request.path) || !wantsPage(request)) {
    response.sendStatus(404);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response
      .set('Allow', 'OPTIONS, GET, HEAD')
      .status(request.method === 'OPTIONS' ? 200 : 405)
      .end();
  } else {
    response
      .type('html')
      .set('Cache-Control', 'no-cache')
      .send(await page());
  }
}

/**
 * Sends the client its own errors, and logs ours in one line. Express recognizes this handler by its four arguments.
 */
function answerFailure(...[error, { method, url }, response, _next]: Parameters<ErrorRequestHandler>): void {
  const { status = 500 } = error as { status?: number };
  if (status >= 500) console.error(`${method} ${JSON.stringify(url)} failed: ${JSON.stringify(String(error))}`);
  if (response.headersSent) response.destroy();
  else response.sendStatus(status);
}

const wantsPage = (request: Request): boolean => Boolean(request.accepts('html'));

const listeners: (() => void)[] = [];

/** Calls back when the server listens; at once where it does. */
export function onListening(callback: () => void): void {
  if (httpServer.listening) callback();
  else listeners.push(callback);
}

/** Listens on PORT (and BIND_IP). @throws one clear line if that fails */
export async function listen(): Promise<void> {
  const port = Number(process.env.PORT ?? 3000);
  await new Promise<void>((resolve, reject) => {
    httpServer.once('error', (error: NodeJS.ErrnoException) => reject(new Error(whyNot(error, port))));
    httpServer.listen(port, process.env.BIND_IP, resolve);
  });
  if (process.env.METEOR_PRINT_ON_LISTEN) console.log('LISTENING');
  for (const callback of listeners.splice(0)) callback();
}

function whyNot(error: NodeJS.ErrnoException, port: number): string {
  if (error.code === 'EADDRINUSE') return `PORT=${port} is in use by another process: end it, or choose another PORT`;
  if (error.code === 'EACCES') return `PORT=${port} needs rights that this process doesn't have: choose one above 1023`;
  return `Can't listen on PORT=${port}: ${error.message}`;
}

/** `WebApp` as in Meteor 3, the part of it that is covered; `connectHandlers` are the older names. */
export const WebApp = {
  handlers,
  rawHandlers,
  connectHandlers: handlers,
  rawConnectHandlers: rawHandlers,
  expressApp,
  express,
  httpServer,
  onListening,
};

export const WebAppInternals = { setInlineScriptsAllowed };
