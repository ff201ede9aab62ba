import { parseArgs } from 'node:util';

export interface Flags {
  /** Only this one. */
  role?: string;
  /** Where the web role listens. */
  port: number;
  help: boolean;
}

export const help = `npm start [-- flags]   brings up a MongoDB and every role, and restarts what you change

  --role web|jobs      only this one; two terminals, one role each, share the database
  --port 3000          where the page is; the jobs role listens 100 above
  --help               this page

Each settings-jobs-<name>.json is a further jobs role, jobs-<name>, one port above the one before.
A MongoDB is found or fetched by itself; MONGO_URL names one of your own. npm run db:reset empties ours.`;

/** The jobs role is 100 above, and there may be more of them. */
const highestPort = 65_335;

/**
 * @param page the help of the command, shown behind a message.
 * @throws one line that names the flag, what it was given and what it takes.
 */
export function readFlags(args: string[], page = help): Flags {
  const { values } = parsed(args, page);
  const { role, port = '3000', help = false } = values;
  if (role !== undefined) checkRole(role, page);
  return { ...(role !== undefined && { role }), port: portOf(port, page), help };
}

function parsed(args: string[], page: string) {
  try {
    return parseArgs({
      args,
      options: { role: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : error;
    throw new Error(`${reason}\n\n${page}`, { cause: error });
  }
}

/** Whether there is such a role, the settings files say. */
function checkRole(role: string, page: string): void {
  if (/^(web|jobs(-.+)?)$/.test(role)) return;
  throw new Error(`--role: ${JSON.stringify(role)} is no role, it is web, jobs or jobs-<name>\n\n${page}`);
}

function portOf(text: string, page: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= highestPort) return port;
  throw new Error(`--port: ${JSON.stringify(text)} is no whole number from 1 to ${highestPort}\n\n${page}`);
}
