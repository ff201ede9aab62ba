import type { RoleName } from '../flags';
import { readRoleSettings, type Settings, settingsFileOf } from '../settings-file';

/** The settings of each role that is started, as its file says them. */
export class RoleSettings {
  private readonly settings = new Map<RoleName, Settings>();

  constructor(
    private readonly root: string,
    private readonly roles: RoleName[],
  ) {}

  /** Their names, from the root. */
  get files(): string[] {
    return this.roles.map(settingsFileOf);
  }

  of(role: RoleName): Settings {
    return this.settings.get(role)!;
  }

  /** @throws one line on the first file that can't be used; what was read before stays. */
  async read(roles: RoleName[] = this.roles): Promise<void> {
    for (const role of roles) this.settings.set(role, await readRoleSettings(this.root, role));
  }

  /** Reads the files that are among `paths` again. @returns whose they are. */
  async changedBy(paths: string[]): Promise<RoleName[]> {
    const changed = this.roles.filter(role => paths.includes(settingsFileOf(role)));
    await this.read(changed);
    return changed;
  }
}
