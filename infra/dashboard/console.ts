import { defineActions, defineLogin, limitConsole } from './console-methods';
import { ConsolePublication } from './console-state';
import { OperatorSessions } from './sessions';
import type { ConsoleSources } from './sources';

export type { ConsoleState } from './contract';
export type { ConsoleSources } from './sources';

export interface ConsoleOptions {
  tokens: readonly string[];
  sessionMinutes: number;
  loginsPerMinute: number;
  sources: ConsoleSources;
  /** Told of each refused login; says it at a limited rate. */
  refusals: { tell(fields: object): void };
}

/** The console's server half, as a service: methods, publication, logins. Without a token nobody can log in. */
export function createConsole({ tokens, sessionMinutes, loginsPerMinute, sources, refusals }: ConsoleOptions) {
  const sessions = new OperatorSessions({ tokens, minutes: sessionMinutes });
  const publication = new ConsolePublication(sources.state, sources.emit);
  return {
    name: 'console',
    async start(): Promise<void> {
      if (tokens.length === 0) sources.emit('console.off', {});
      await sessions.start();
      defineLogin(sessions, sources, refusals);
      defineActions(sources);
      limitConsole(loginsPerMinute);
      publication.publish();
    },
    async stop(): Promise<void> {
      publication.stop();
    },
  };
}
