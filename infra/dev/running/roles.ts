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

  /** Drains all of them. Twice is fine. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map(role => role.stop()));
  }

  kill(): void {
    for (const role of this.all) role.kill();
  }

  whereTheyAre(): string {
    const { roles, settings } = this.options;
    const web = roles.find(({ kind }) => kind === 'web');
    const places = roles.map(({ name, port }) => `${name} role at http://localhost:${port}`);
    const { appName = 'The app' } = (web && (settings.of(web).public as { appName?: string })) ?? {};
    const page = web ? `${appName} is ready: open http://localhost:${web.port}` : `${appName} is ready`;
    return `${page} (${places.join(', ')}). Ctrl-C ends it${this.inspectors()}`;
  }

  private inspectors(): string {
    const { roles, deps } = this.options;
    const ports = roles.flatMap(role => {
      const port = deps.inspectorOf?.(role);
      return port === undefined ? [] : [`${role.name} role at ${port}`];
    });
    if (ports.length === 0) return '';
    return `\nInspectors: ${ports.join(', ')}; each worker says its own (docs/debugging.md)`;
  }

  private kept(role: LocalRole): KeptRole {
    const { script, settings, deps, scratchFolder } = this.options;
    const inspector = deps.inspectorOf?.(role);
    const env = () => ({
      ...roleEnvironment(role.port, settingsOf(settings.of(role), inspector, deps), deps),
      ...(inspector !== undefined && { TANDEM_INSPECT: String(inspector + 1) }),
      ...(deps.inProcess && { TANDEM_IN_PROCESS: '1' }),
    });
    return new KeptRole({
      role,
      script,
      env,
      ...(inspector !== undefined && { inspector }),
      scratchFolder: join(scratchFolder, `${role.name}-${role.port}`),
    });
  }
}

/** A role at a breakpoint misses its heartbeats: another jobs role would take its tasks and run them once more. */
function settingsOf(settings: Settings, inspector: number | undefined, { severalJobsRoles }: RoleDeps): Settings {
  if (inspector === undefined) return settings;
  return {
    ...settings,
    public: { ...(settings.public as Settings), inspected: true },
    ...(severalJobsRoles && {
      queue: { ...(settings.queue as Settings), leaseMs: 3_600_000, heartbeatMs: 600_000 },
    }),
  };
}

interface RoleDeps {
  mongoUrl: string;
  clientFolder: string;
  privateFolder: string;
  /** The static files. */
  publicFolder: string;
  /** Where the web role finds the jobs role. */
  jobsPort: number;
  /** The file that says what has become of the last build, where pages follow the builds. */
  buildState?: string;
  /** Whether handlers run in the jobs role. */
  inProcess?: boolean;
  /** The port of the inspector of a role, if it has one. */
  inspectorOf?(role: LocalRole): number | undefined;
  severalJobsRoles?: boolean;
}

/** The environment of a role: as in Meteor's production bundle, with the folders of the Node host's files. */
export function roleEnvironment(
  port: number,
  settings: Settings,
  { mongoUrl, clientFolder, privateFolder, publicFolder, jobsPort, buildState }: RoleDeps,
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
    ...(buildState && { TANDEM_BUILD_STATE: buildState }),
  };
}
