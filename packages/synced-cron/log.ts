import { isError, messageOf, textOf } from './errors/plain-error';

export type LogLevel = 'info' | 'warn' | 'error' | 'debug';

/** What a `logger` gets for each message. */
export interface LogEntry {
  level: LogLevel;
  message: string;
  tag: 'SyncedCron';
}

/** What a message is about, for programs, which need not read it. */
export interface LogEvent {
  event: 'started' | 'finished' | 'failed' | 'skipped' | 'ranElsewhere' | 'scheduled' | 'removed' | 'notice';
  /** The name of the entry that it is about. */
  entry?: string;
  /** The occurrence, where it is about a run. */
  intendedAt?: Date;
}

type About = Partial<LogEvent>;

export type Logger = (entry: LogEntry, event: LogEvent) => unknown;

interface LogOptions {
  log: boolean;
  logger: Logger | null;
}

/** Meteor's own logging package, where the app has it (every Meteor app does); its lines look as they always did. */
type MeteorLog = Record<LogLevel, (entry: { message: string }) => void>;

/** Logs through the `logger` of the options, else through Meteor's logging, else on the console. */
export class Log {
  constructor(private readonly options: () => LogOptions) {}

  info(message: string, about?: About): void {
    this.say('info', message, about);
  }

  warn(message: string, about?: About): void {
    this.say('warn', message, about);
  }

  error(message: string, about?: About): void {
    this.say('error', message, about);
  }

  private say(level: LogLevel, message: string, about: About = {}): void {
    const { log, logger } = this.options();
    if (log === false) return;
    if (logger) void hand(logger, { level, message, tag: 'SyncedCron' }, { event: 'notice', ...about });
    else print(level, message);
  }
}

/** A logger that throws must stop no job and no schedule: the message then goes where it goes without a logger. */
async function hand(logger: Logger, entry: LogEntry, event: LogEvent): Promise<void> {
  try {
    await logger(entry, event);
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

/** Text for a thrown value: an error's stack, or the value. Any value may be thrown. */
export function wordsOf(thrown: unknown): string {
  return isError(thrown) ? textOf(thrown) : messageOf(thrown);
}

export { messageOf };

/** Escapes names and errors, so that none of them can forge a line of the log. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, sign => {
    if (sign === '\n') return '\\n';
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
