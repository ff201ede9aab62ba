import { BuildFailed } from '../bundling/build-failed';
import type { Bundle, Bundler } from '../bundling/bundler';
import type { RoleName } from '../flags';
import { label } from './log-lines';
import type { RoleProcess } from './role-process';
import type { RoleSettings } from './role-settings';

/** What is to happen when files change: builds again, and restarts only the roles that the change concerns. */
export class Changes {
  private builds = true;
  private stopped = false;

  constructor(
    private readonly bundler: Bundler,
    private readonly settings: RoleSettings,
    private readonly roles: RoleProcess[],
  ) {}

  /** Takes the paths that have changed. Whatever goes wrong is said, and the last good version goes on. */
  async apply(paths: string[]): Promise<void> {
    try {
      const concerned = await this.concernedBy(paths);
      const restarted = this.roles.filter(role => concerned.has(role.name) || !role.isRunning);
      await Promise.all(restarted.map(role => this.restart(role)));
    } catch (error) {
      if (this.stopped) return; // what fails because it is being ended is no news
      console.error(error instanceof BuildFailed ? `${error.message}\nThe last good version runs on` : message(error));
    }
  }

  /** Nothing is restarted any more. */
  stop(): void {
    this.stopped = true;
  }

  private async concernedBy(paths: string[]): Promise<Set<RoleName>> {
    const concerned = new Set(await this.settings.changedBy(paths));
    const changed = await this.rebuild();
    if (changed.has('browser')) console.log('The page has changed: reload it');
    if (changed.has('worker')) concerned.add('jobs');
    if (changed.has('server')) for (const role of this.roles) concerned.add(role.name);
    return concerned;
  }

  private async rebuild(): Promise<Set<Bundle>> {
    const before = this.builds;
    this.builds = false;
    const changed = await this.bundler.build();
    this.builds = true;
    if (!before) console.log('It builds again');
    return changed;
  }

  private async restart(role: RoleProcess): Promise<void> {
    console.log(`${label(role.name)} restarts`);
    await role.stop();
    if (this.stopped) return;
    await role.start();
    console.log(`${label(role.name)} is ready again`);
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
