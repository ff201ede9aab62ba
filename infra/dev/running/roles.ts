import type { RoleName } from '../flags';
import { KeptRole } from './kept-role';
import { type RoleSurroundings, roleEnvironment } from './role-environment';
import type { RoleSettings } from './role-settings';

interface RolesOptions {
  /** The built server.js. */
  script: string;
  roles: RoleName[];
  settings: RoleSettings;
  surroundings: RoleSurroundings;
}

/** The roles of one `npm start`, each a process of its own. */
export class Roles {
  readonly all: KeptRole[];

  constructor(private readonly options: RolesOptions) {
    this.all = options.roles.map(name => this.role(name));
  }

  /** Resolves when all of them listen. @throws when one ends before that; the others may run. */
  async start(): Promise<void> {
    await Promise.all(this.all.map(role => role.start()));
  }

  /** Lets all of them drain. Twice is fine. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map(role => role.stop()));
  }

  kill(): void {
    for (const role of this.all) role.kill();
  }

  whereTheyAre(): string {
    const { roles, surroundings } = this.options;
    const { ports } = surroundings;
    const places = roles.map(role => `${role} role at http://localhost:${ports[role]}`);
    const page = roles.includes('web') ? `Tandem is ready: open http://localhost:${ports.web}` : 'Tandem is ready';
    return `${page} (${places.join(', ')}). Ctrl-C ends it`;
  }

  private role(name: RoleName): KeptRole {
    const { script, settings, surroundings } = this.options;
    const env = () => roleEnvironment(name, settings.of(name), surroundings);
    return new KeptRole({ name, script, port: surroundings.ports[name], env });
  }
}
