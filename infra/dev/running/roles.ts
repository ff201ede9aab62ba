import type { RoleName } from '../flags';
import { label } from './log-lines';
import { type RoleSurroundings, roleEnvironment } from './role-environment';
import { RoleProcess } from './role-process';
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
  readonly processes: RoleProcess[];

  constructor(private readonly options: RolesOptions) {
    this.processes = options.roles.map(name => this.process(name));
  }

  /** Resolves when all of them listen. @throws when one ends before that; the others may run. */
  async start(): Promise<void> {
    await Promise.all(this.processes.map(role => role.start()));
  }

  /** Lets all of them drain. Twice is fine. */
  async stop(): Promise<void> {
    await Promise.all(this.processes.map(role => role.stop()));
  }

  kill(): void {
    for (const role of this.processes) role.kill();
  }

  whereTheyAre(): string {
    const { roles, surroundings } = this.options;
    const { ports } = surroundings;
    const places = roles.map(role => `${role} role at http://localhost:${ports[role]}`);
    const page = roles.includes('web') ? `Tandem is ready: open http://localhost:${ports.web}` : 'Tandem is ready';
    return `${page} (${places.join(', ')}). Ctrl-C ends it`;
  }

  private process(name: RoleName): RoleProcess {
    const { script, settings, surroundings } = this.options;
    return new RoleProcess({
      name,
      script,
      port: surroundings.ports[name],
      env: () => roleEnvironment(name, settings.of(name), surroundings),
      onDeath: how => console.log(`${label(name)} has died (${how}). It starts again when a file changes`),
    });
  }
}
