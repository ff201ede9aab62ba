import type { KeptIndexes } from '../database';
import type { Emit } from '../monitor/events';
import type { ProcessRegistry } from '../monitor/processes';
import type { Settings } from '../settings';
import { ThrottledLog } from '../timing/throttled-log';
import { defineActions, defineLogin, limitConsole } from './methods';
import { ConsolePublication } from './publication';
import { mayOperateBy, OperatorSessions } from './sessions';
import { sourcesOf } from './sources';

const refusalsLoggedEveryMs = 10_000;

interface ConsoleOptions {
  settings: Settings['console'];
  registry: ProcessRegistry;
  indexes: KeptIndexes;
  emit: Emit;
  /** Who may operate beside those who logged in with a token. */
  mayOperate?: ((userId: string) => boolean | Promise<boolean>) | undefined;
}

/** The console's server half, as a service: methods, publication, logins. Without a token nobody can log in. */
export function createConsole({ settings, registry, indexes, emit, mayOperate: byApp }: ConsoleOptions) {
  const { operatorToken, sessionMinutes, loginsPerMinute } = settings;
  const mayOperate = mayOperateBy(byApp);
  const sources = sourcesOf(registry);
  const sessions = new OperatorSessions({ tokens: operatorToken, minutes: sessionMinutes });
  const publication = new ConsolePublication(sources.state, mayOperate, emit);
  const refusals = new ThrottledLog(refusalsLoggedEveryMs, fields => emit('console.refused', fields));
  return {
    name: 'console',
    async start(): Promise<void> {
      if (operatorToken.length === 0) emit('console.off', {});
      await indexes.keep('operatorSessions', () => sessions.ensureIndexes());
      defineLogin(sessions, mayOperate, refusals, emit);
      defineActions(sources, mayOperate, emit);
      limitConsole(loginsPerMinute);
      publication.publish();
    },
    async stop(): Promise<void> {
      publication.stop();
    },
  };
}
