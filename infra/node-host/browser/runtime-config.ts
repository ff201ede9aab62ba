/** What the server tells the page, by the names that Meteor uses. */
export interface RuntimeConfig {
  meteorRelease?: string;
  ROOT_URL?: string;
  ROOT_URL_PATH_PREFIX?: string;
  /** Where the page connects to, if not to where it came from. */
  DDP_DEFAULT_CONNECTION_URL?: string;
  PUBLIC_SETTINGS?: Record<string, unknown>;
  meteorEnv?: { NODE_ENV?: string };
}

export const runtimeConfig: RuntimeConfig =
  (globalThis as { __meteor_runtime_config__?: RuntimeConfig }).__meteor_runtime_config__ ?? {};
