/** Why this process can't be started as it is: one line that says what to do. Undefined where it can. */
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
