export type LogLevel = 'info' | 'warn' | 'error' | 'debug';

/** What a `logger` gets for each message. */
export interface LogEntry {
  level: LogLevel;
  message: string;
  tag: 'SyncedCron';
}

export type Logger = (entry: LogEntry) => void;

interface LogOptions {
  log: boolean;
  logger: Logger | null;
}

/** Meteor's own logging package, where the app has it (every Meteor app does); its lines look as they always did. */
type MeteorLog = Record<LogLevel, (entry: { message: string }) => void>;

/** Says things through the `logger` of the options, else through Meteor's logging, else on the console. */
export class Log {
  constructor(private readonly options: () => LogOptions) {}

  info(message: string): void {
    this.say('info', message);
  }

  warn(message: string): void {
    this.say('warn', message);
  }

  error(message: string): void {
    this.say('error', message);
  }

  private say(level: LogLevel, message: string): void {
    const { log, logger } = this.options();
    if (log === false) return;
    if (logger) {
      logger({ level, message, tag: 'SyncedCron' });
      return;
    }
    const line = `SyncedCron: ${message}`;
    const meteorLog = meteorLogging();
    if (meteorLog) meteorLog[level]({ message: line });
    else console[level](line);
  }
}

function meteorLogging(): MeteorLog | undefined {
  const { Package } = globalThis as { Package?: { logging?: { Log?: MeteorLog } } };
  return Package?.logging?.Log;
}

/** An error as the history keeps it: its stack, or whatever was thrown. */
export function stackOf(error: unknown): unknown {
  return (error as Error | undefined)?.stack || error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
