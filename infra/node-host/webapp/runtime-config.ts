import { settings } from '../boot/settings';

/** What this host calls itself where Meteor names its release. */
export const release = 'tandem-node-host';

/** What the page is told. Of the settings, `public` only; read anew for each page, as it may change. */
export const runtimeConfig = () => ({
  meteorRelease: release,
  meteorEnv: { NODE_ENV: process.env.NODE_ENV ?? 'development' },
  ROOT_URL: process.env.ROOT_URL,
  ROOT_URL_PATH_PREFIX: '',
  PUBLIC_SETTINGS: settings.public,
});

/** JSON that can stand in a script: no `<` or `>` in it ends the element. */
const encoded = (): string => JSON.stringify(encodeURIComponent(JSON.stringify(runtimeConfig())));

export const runtimeConfigScript = (): string =>
  `__meteor_runtime_config__ = JSON.parse(decodeURIComponent(${encoded()}))`;
