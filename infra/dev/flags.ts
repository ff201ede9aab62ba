import { parseArgs } from 'node:util';

export type RoleName = 'web' | 'jobs';

export interface Flags {
  roles: RoleName[];
  /** Where each role listens. */
  ports: Record<RoleName, number>;
  help: boolean;
}

export const help = `npm start [-- flags]   brings up a MongoDB and both roles, and restarts what you change

  --role web|jobs      only this one; two terminals, one role each, share the database
  --port 3000          where the page is; the jobs role listens 100 above
  --help               this page

A MongoDB is found or fetched by itself; MONGO_URL names one of your own. npm run db:reset empties ours.`;

const jobsAbove = 100;

/**
 * @param page the help of the command, shown behind a message.
 * @throws one line that names the flag, what it was given and what it takes.
 */
export function readFlags(args: string[], page = help): Flags {
  const { values } = parsed(args, page);
  const web = portOf(values.port ?? '3000', page);
  return { roles: rolesOf(values.role, page), ports: { web, jobs: web + jobsAbove }, help: values.help ?? false };
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

function rolesOf(role: string | undefined, page: string): RoleName[] {
  if (role === undefined) return ['web', 'jobs'];
  if (role === 'web' || role === 'jobs') return [role];
  throw new Error(`--role: ${JSON.stringify(role)} is no role, it is web or jobs\n\n${page}`);
}

function portOf(text: string, page: string): number {
  const port = Number(text);
  const highest = 65_535 - jobsAbove;
  if (Number.isInteger(port) && port >= 1 && port <= highest) return port;
  throw new Error(`--port: ${JSON.stringify(text)} is no whole number from 1 to ${highest}\n\n${page}`);
}
