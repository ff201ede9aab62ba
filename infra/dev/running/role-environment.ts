import type { Flags, RoleName } from '../flags';
import { linkedTo, type Settings } from '../settings-file';

export interface RoleSurroundings {
  mongoUrl: string;
  clientFolder: string;
  privateFolder: string;
  /** Files that are served as they are. */
  publicFolder: string;
  ports: Flags['ports'];
}

/** What a role finds in its environment: as in Meteor's production bundle, and where the Node host finds its files. */
export function roleEnvironment(
  role: RoleName,
  settings: Settings,
  { mongoUrl, clientFolder, privateFolder, publicFolder, ports }: RoleSurroundings,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    METEOR_SETTINGS: JSON.stringify(linkedTo(settings, ports.jobs)),
    ROOT_URL: `http://localhost:${ports[role]}`,
    PORT: String(ports[role]),
    MONGO_URL: mongoUrl,
    TANDEM_CLIENT_DIR: clientFolder,
    TANDEM_PRIVATE_DIR: privateFolder,
    TANDEM_PUBLIC_DIR: publicFolder,
  };
}
