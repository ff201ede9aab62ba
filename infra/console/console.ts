import type { Db } from 'mongodb';
import type { KeptIndexes } from '../database';
import type { Emit } from '../monitor/events';
import type { ProcessRegistry } from '../monitor/processes';
import { TaskQueue } from '../queue';
import { Schedules } from '../schedules';
import { CodePauses } from '../schedules/code-pauses';
import type { SchedulesOf } from '../schedules/schedules';
import type { Settings } from '../settings';
import { ThrottledLog } from '../timing/throttled-log';
import { Audit } from './audit';
import { defineActions, defineLogin, limitConsole } from './methods';
import { type AppAnswer, findOperatorBy } from './operators';
import { ConsolePublication } from './publication';
import { OperatorSessions, operatorsOf } from './sessions';
import { sourcesOf } from './sources';
import { createViews } from './views';
import { ensureRunsIndex } from './views/schedules';
import type { AnyQueue } from './views/view';

const refusalsLoggedEveryMs = 10_000;

interface ConsoleOptions {
  db: Db;
  settings: Settings['console'];
  cronHistory: string;
  registry: ProcessRegistry;
  indexes: KeptIndexes;
  emit: Emit;
  /** Who may operate beside those who logged in with a token. */
  mayOperate?: ((userId: string) => AppAnswer | Promise<AppAnswer>) | undefined;
}

/** The console's server half, as a service: methods, publication, logins. Without a token nobody can log in. */
export function createConsole({ db, settings, cronHistory, registry, indexes, emit, mayOperate }: ConsoleOptions) {
  const { auditDays, sessionMinutes, loginsPerMinute } = settings;
  const operators = operatorsOf(settings);
  const codePauses = new CodePauses(db, cronHistory);
  const sources = sourcesOf(registry, codePauses);
  const sessions = new OperatorSessions({ operators, minutes: sessionMinutes });
  const findOperator = findOperatorBy(sessions, mayOperate);
  const publication = new ConsolePublication(
    sources.state,
    createViews({
      registry,
      cronHistory,
      codePauses,
      queue: TaskQueue as unknown as AnyQueue,
      schedules: Schedules as unknown as SchedulesOf<object>,
    }),
    findOperator,
    emit,
  );
  const audit = new Audit(db, auditDays);
  const refusals = new ThrottledLog(refusalsLoggedEveryMs, fields => {
    const { suppressed = 0, ...about } = fields as { suppressed?: number; address?: string };
    emit('console.refused', fields);
    // For this answer nobody waits; where it can't be recorded, the log has it.
    void audit.add({ action: 'login', outcome: 'refused', count: 1 + suppressed, ...about }).catch(() => {});
  });
  const deps = { sessions, findOperator, audit, refusals, emit };
  return {
    name: 'console',
    async start(): Promise<void> {
      if (operators.length === 0 && !mayOperate) emit('console.off', {});
      await indexes.keep('operatorSessions', () => sessions.ensureIndexes());
      await indexes.keep('cron history', () => ensureRunsIndex(db, cronHistory));
      await indexes.keep('operatorActions', () => audit.ensureIndexes());
      defineLogin(deps);
      defineActions(sources, deps);
      limitConsole(loginsPerMinute);
      publication.publish();
    },
    async stop(): Promise<void> {
      publication.stop();
    },
  };
}
