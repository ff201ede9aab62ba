import { BuildFailed, type Bundle, type Bundler } from '../bundling/bundler';
import type { RoleSettings } from '../roles';
import type { KeptRole } from './kept-role';
import { label } from './log-lines';

/** What is to happen when files change: builds again, and restarts only the roles that the change concerns. */
export class Changes {
  /** What has changed since all of it could be used: a change made while the code is broken counts once it is mended. */
  private readonly paths = new Set<string>();
  private builds = true;
  private stopped = false;

  constructor(
    private readonly bundler: Bundler,
    private readonly settings: RoleSettings,
    private readonly roles: KeptRole[],
  ) {}

  /** Takes the paths that have changed. Whatever goes wrong is said, and the last good version goes on. */
  async apply(paths: string[]): Promise<void> {
    for (const path of paths) this.paths.add(path);
    try {
      const concerned = await this.concernedBy([...this.paths]);
      this.paths.clear();
      await this.restartAll(this.roles.filter(({ role, isRunning }) => concerned.has(role.name) || !isRunning));
    } catch (error) {
      this.say(error);
    }
  }

  /** Nothing is restarted any more. */
  stop(): void {
    this.stopped = true;
  }

  private async concernedBy(paths: string[]): Promise<Set<string>> {
    const concerned = new Set(await this.settings.changedBy(paths));
    const changed = await this.rebuild();
    if (changed.has('browser')) console.log('The page has changed: reload it');
    for (const { role } of this.roles)
      if (changed.has('server') || (changed.has('worker') && role.kind === 'jobs')) concerned.add(role.name);
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

  /** Resolves when each of them is ready or has failed: the next change must not meet one that is still starting. */
  private async restartAll(roles: KeptRole[]): Promise<void> {
    await Promise.all(roles.map(role => this.restart(role).catch(error => this.say(error))));
  }

  private async restart(role: KeptRole): Promise<void> {
    console.log(`${label(role.role)} restarts`);
    await role.restart();
  }

  private say(error: unknown): void {
    if (this.stopped) return; // what fails because it is being ended is no news
    const text = error instanceof Error ? error.message : String(error);
    console.error(error instanceof BuildFailed ? `${text}\nThe last good version runs on` : text);
  }
}
