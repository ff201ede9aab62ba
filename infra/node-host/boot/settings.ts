export interface Settings {
  public: Record<string, unknown>;
  [name: string]: unknown;
}

/** The content of `METEOR_SETTINGS`; `public` is always there. @throws if it isn't a JSON object */
export function readSettings(text: string | undefined): Settings {
  const settings = text ? parse(text) : {};
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    throw new Error('METEOR_SETTINGS must be a JSON object, like {"public": {}}.');
  return { public: {}, ...settings };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`METEOR_SETTINGS are not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

export const settings = readSettings(process.env.METEOR_SETTINGS);

/** Why this process can't start: one line that says what to do. Undefined if it can. */
export function refusal(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.NODE_ENV === 'production' && environment.TANDEM_NODE_HOST_IN_PRODUCTION !== '1')
    return 'NODE_ENV=production: the Node host is for development, tests and CI. In production run the app on Meteor (docs/deploy), or set TANDEM_NODE_HOST_IN_PRODUCTION=1 to run it here all the same.';
  if (!environment.MONGO_URL) return 'MONGO_URL must be set in environment, like mongodb://localhost:27017/tandem';
  if (!/^mongodb(\+srv)?:\/\//.test(environment.MONGO_URL))
    return `MONGO_URL must begin with mongodb:// or mongodb+srv://, like mongodb://localhost:27017/tandem`;
  if (!environment.ROOT_URL) return 'ROOT_URL must be set in environment, like http://localhost:3000';
  if (!URL.canParse(environment.ROOT_URL))
    return `ROOT_URL=${environment.ROOT_URL} is not a url, it should be like http://localhost:3000`;
  if (!isPort(environment.PORT ?? '3000')) return `PORT=${environment.PORT} is not a port, it should be 0 to 65535`;
  return undefined;
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65535;
