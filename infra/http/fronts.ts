import type { IncomingMessage, ServerResponse } from 'node:http';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const page = (title: string, body: string, more = '') => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>${more}</head>
<body>${body}</body></html>
`;

const jobs = page(
  'Jobs role',
  '<h1>Jobs role</h1><p>Its state: <a href="/healthz">/healthz</a>. The app is at the web role.</p>',
);

/** The jobs role serves no app: `/` says so at once, and beside it there is only DDP for the link. */
export const jobsFront: Handler = (request, response, next) => {
  if (/^\/(websocket|sockjs)(\/|$)/.test(pathOf(request))) return next();
  const isFront = asksForFront(request);
  response.writeHead(isFront ? 200 : 404, { 'Content-Type': `text/${isFront ? 'html' : 'plain'}; charset=utf-8` });
  response.end(isFront ? jobs : 'This is the jobs role: the app is at the web role.\n');
};

const comesAgainSeconds = 2;
const starting = page(
  'Starting',
  '<p>Starting … this page comes again by itself.</p>',
  `<meta http-equiv="refresh" content="${comesAgainSeconds}">`,
);

/**
 * What a web role answers while it starts: its routes are not there yet, and the app's page would take in an upload or
 * stand for a file. `/` answers 200, because hosts take a role that does not for dead.
 */
export function frontWhile(isStarting: () => boolean): Handler {
  return (request, response, next) => {
    if (!isStarting()) return next();
    const isFront = asksForFront(request);
    response.writeHead(isFront ? 200 : 503, {
      'Content-Type': `text/${isFront ? 'html' : 'plain'}; charset=utf-8`,
      'Cache-Control': 'no-store',
      'Retry-After': String(comesAgainSeconds),
    });
    response.end(isFront ? starting : 'The role is starting: try again.\n');
  };
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?')[0] ?? '/';

function asksForFront(request: IncomingMessage): boolean {
  return pathOf(request) === '/' && (request.method === 'GET' || request.method === 'HEAD');
}
