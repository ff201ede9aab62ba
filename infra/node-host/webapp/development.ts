import { watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Express } from 'express';
import { type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../../errors/plain-error';
import { followBuilds, type PageState } from './development-page';

const script = '/__development/page.js';
const changes = '/__development/changes';
/** How often the state of the build is looked at. */
const lookEveryMs = 100;

/** The file in which `npm start` keeps the state of the build; other programs set none, and their pages follow none. */
const stateFile = process.env.TANDEM_BUILD_STATE;

export const isDevelopment = stateFile !== undefined;

/** What a page has at its beginning, so that it follows what is built after it; nothing outside `npm start`. */
export function developmentElement({ page, style }: PageState): string {
  if (!isDevelopment) return '';
  return `<script src="${script}" data-page="${page}" data-style="${style}" data-changes="${changes}"></script>`;
}

/**
 * Serves the script of that element, and tells each page with it what is built now, and what is built later.
 *
 * @param now the files as they are at the moment.
 */
export function serveDevelopment(app: Express, server: Server, now: () => Promise<PageState>): void {
  if (!stateFile) return;
  app.get(script, (_request, response) => {
    response.type('js').set('Cache-Control', 'no-cache').send(`(${followBuilds.toString()})();`);
  });
  const acceptor = new WebSocketServer({ noServer: true, maxPayload: 0 });
  const tell = async (socket: WebSocket) => {
    const error = await errorIn(stateFile);
    socket.send(JSON.stringify({ ...(await now()), ...(error && { error }) }));
  };
  const tellAll = () => {
    for (const socket of acceptor.clients) tell(socket).catch(report);
  };
  server.on('upgrade', (request, stream, head) => {
    if (request.url !== changes) return;
    acceptor.handleUpgrade(request, stream, head, socket => {
      socket.on('error', () => {}); // `close` follows
      tell(socket).catch(report);
    });
  });
  watchFile(stateFile, { interval: lookEveryMs, persistent: false }, tellAll);
}

async function errorIn(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '{}'); // no build has ended yet
  return (JSON.parse(text) as { error?: string }).error;
}

function report(error: unknown): void {
  console.error(`The page could not be told what is built: ${messageOf(error)}`);
}
