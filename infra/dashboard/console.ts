import { defineActions, defineLogin, limitConsole } from './console-methods';
import { ConsolePublication } from './console-state';
import { mayOperateBy } from './may-operate';
import { OperatorSessions } from './sessions';
import type { ConsoleSources } from './sources';

export type { ConsoleState } from './contract';
export type { ConsoleSources } from './sources';

export interface ConsoleOptions {
  tokens: readonly string[];
  sessionMinutes: number;
  loginsPerMinute: number;
  sources: ConsoleSources;
  /** Who may operate beside those who logged in with a token. */
  mayOperate?: ((userId: string) => boolean | Promise<boolean>) | undefined;
  /** Told of each refused login; says it at a limited rate. */
  refusals: { log(fields: object): void };
}

/** The console's server half, as a service: methods, publication, logins. Without a token nobody can log in. */
export function createConsole(options: ConsoleOptions) {
  const { tokens, sessionMinutes, loginsPerMinute, sources, refusals } = options;
  const mayOperate = mayOperateBy(options.mayOperate);
  const sessions = new OperatorSessions({ tokens, minutes: sessionMinutes });
  const publication = new ConsolePublication(sources.state, mayOperate, sources.emit);
  return {
    name: 'console',
    async start(): Promise<void> {
      if (tokens.length === 0) sources.emit('console.off', {});
      await sessions.start();
      defineLogin(sessions, sources, mayOperate, refusals);
      defineActions(sources, mayOperate);
      limitConsole(loginsPerMinute);
      publication.publish();
    },
    async stop(): Promise<void> {
      publication.stop();
    },
  };
}
