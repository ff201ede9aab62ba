export interface Settings {
  public: Record<string, unknown>;
  [name: string]: unknown;
}

/** What `METEOR_SETTINGS` holds; `public` is always there. @throws where it isn't a JSON object */
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
