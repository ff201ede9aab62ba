import { isError, messageOf, textOf } from './errors/plain-error';

export type LogLevel = 'info' | 'warn' | 'error' | 'debug';

/** What a `logger` gets for each message. */
export interface LogEntry {
  level: LogLevel;
  message: string;
  tag: 'SyncedCron';
}

export type Logger = (entry: LogEntry) => unknown;

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
    if (logger) void hand(logger, { level, message, tag: 'SyncedCron' });
    else print(level, message);
  }
}

/** A logger that fails is no reason to stop a job, or the schedule: then the message goes where it does without one. */
async function hand(logger: Logger, entry: LogEntry): Promise<void> {
  try {
    await logger(entry);
  } catch (error) {
    print(entry.level, entry.message);
    print('error', `The logger failed: ${messageOf(error)}`);
  }
}

function print(level: LogLevel, message: string): void {
  const line = oneLine(`SyncedCron: ${message}`);
  const meteorLog = meteorLogging();
  if (meteorLog) meteorLog[level]({ message: line });
  else console[level](line);
}

function meteorLogging(): MeteorLog | undefined {
  const { Package } = globalThis as { Package?: { logging?: { Log?: MeteorLog } } };
  return Package?.logging?.Log;
}

/** What was thrown in words: an error's stack, or the value. Anything may be thrown. */
export function wordsOf(thrown: unknown): string {
  return isError(thrown) ? textOf(thrown) : messageOf(thrown);
}

export { messageOf };

/** Whatever a name or an error holds, nobody can write a line of their own into the log. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, sign => {
    if (sign === '\n') return '\\n';
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
