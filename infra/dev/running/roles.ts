import { join } from 'node:path';
import { linkedTo, type Settings } from '../json-file';
import type { LocalRole, RoleSettings } from '../roles';
import { KeptRole } from './kept-role';

interface RolesOptions {
  /** The built server.js. */
  script: string;
  roles: LocalRole[];
  settings: RoleSettings;
  deps: RoleDeps;
  /** Each role gets a TMPDIR in it. */
  scratchFolder: string;
}

/** The roles of one `npm start`, each a process of its own. */
export class Roles {
  readonly all: KeptRole[];

  constructor(private readonly options: RolesOptions) {
    this.all = options.roles.map(role => this.kept(role));
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
    const { roles } = this.options;
    const web = roles.find(({ kind }) => kind === 'web');
    const places = roles.map(({ name, port }) => `${name} role at http://localhost:${port}`);
    const page = web ? `Tandem is ready: open http://localhost:${web.port}` : 'Tandem is ready';
    return `${page} (${places.join(', ')}). Ctrl-C ends it`;
  }

  private kept(role: LocalRole): KeptRole {
    const { script, settings, deps, scratchFolder } = this.options;
    const env = () => roleEnvironment(role.port, settings.of(role), deps);
    return new KeptRole({ role, script, env, scratchFolder: join(scratchFolder, `${role.name}-${role.port}`) });
  }
}

interface RoleDeps {
  mongoUrl: string;
  clientFolder: string;
  privateFolder: string;
  /** Files that are served as they are. */
  publicFolder: string;
  /** Where the web role finds the jobs role. */
  jobsPort: number;
}

/** What a role finds in its environment: as in Meteor's production bundle, and where the Node host finds its files. */
export function roleEnvironment(
  port: number,
  settings: Settings,
  { mongoUrl, clientFolder, privateFolder, publicFolder, jobsPort }: RoleDeps,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    METEOR_SETTINGS: JSON.stringify(linkedTo(settings, jobsPort)),
    ROOT_URL: `http://localhost:${port}`,
    PORT: String(port),
    MONGO_URL: mongoUrl,
    TANDEM_CLIENT_DIR: clientFolder,
    TANDEM_PRIVATE_DIR: privateFolder,
    TANDEM_PUBLIC_DIR: publicFolder,
  };
}
