import type { RoleParts, Service } from '../app';
import { FileStore } from '../database';
import type { Ground } from './ground';

/** The app's own services in a process of these roles: its api where it serves people, and what it adds to each role. */
export function appServices({ app, connection, events }: Ground, ...roles: ('web' | 'jobs')[]): Service[] {
  const parts: RoleParts = { files: new FileStore(connection.db), emit: events.emit };
  return roles.flatMap(role => [
    ...(role === 'web' && app.api ? [app.api(parts)] : []),
    ...(app.services?.[role]?.(parts) ?? []),
  ]);
}
