import { messageOf } from '../errors/plain-error';
import { everySo, type Timetable } from './occurrences';
import { InvalidScheduleError, type ScheduleDefinition, type StoredSchedule } from './stored-schedule';

/** Makes the timetable of a cron expression or a text. @throws Error that names the part that doesn't parse. */
export type ParseTimes = (times: { name: string; cron?: string; text?: string; timezone: string }) => Timetable;

const kept = 1_000;

/** The timetables of schedules, cached: thousands of them share a few times, and parsing takes longer than all the rest. */
export class Timetables {
  private readonly byTimes = new Map<string, Timetable>();

  constructor(private readonly parseTimes: ParseTimes) {}

  /** @throws InvalidScheduleError if its times don't parse, or never come. */
  of(schedule: Pick<StoredSchedule, '_id' | 'createdAt' | keyof ScheduleDefinition>): Timetable {
    const { _id: name, cron, text, every, timezone = 'UTC', createdAt } = schedule;
    if (every !== undefined) return everySo(every, createdAt);
    const key = JSON.stringify([cron, text, timezone]);
    const timetable = this.byTimes.get(key) ?? this.parse({ name, ...(cron ? { cron } : { text }), timezone });
    if (this.byTimes.size >= kept) this.byTimes.clear();
    this.byTimes.set(key, timetable);
    return timetable;
  }

  private parse(times: Parameters<ParseTimes>[0]): Timetable {
    try {
      return this.parseTimes(times);
    } catch (error) {
      throw new InvalidScheduleError([messageOf(error)]);
    }
  }
}
