import { linkedTo, type Settings } from '../settings-file';

export interface RoleDeps {
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
