/** The part of @breejs/later that this package uses; it brings no types of its own. */
declare module '@breejs/later' {
  interface ScheduleData {
    schedules: Record<string, number[]>[];
    exceptions?: Record<string, number[]>[];
    /** Where `parse.text` stopped; below 0 when it read everything. */
    error?: number;
  }
  interface RecurBuilder extends ScheduleData {
    on(...values: unknown[]): this;
    every(step?: number): this;
    after(value: unknown): this;
    before(value: unknown): this;
    first(): this;
    last(): this;
    time(): this;
    second(): this;
    minute(): this;
    hour(): this;
    dayOfMonth(): this;
    dayOfWeek(): this;
    onWeekend(): this;
    onWeekday(): this;
    dayOfWeekCount(): this;
    dayOfYear(): this;
    weekOfMonth(): this;
    weekOfYear(): this;
    month(): this;
    year(): this;
    fullDate(): this;
    customModifier(id: string, values: unknown): this;
    customPeriod(id: string): this;
    startingOn(start: number): this;
    between(start: number, end: number): this;
    and(): this;
    except(): this;
  }
  interface Parse {
    text(text: string): ScheduleData;
    cron(expression: string, hasSeconds?: boolean): ScheduleData;
    recur(): RecurBuilder;
  }
  interface Occurrences {
    isValid(date: Date): boolean;
    /** 0 when there is none, a date for a count of 1, else a list. */
    next(count: number, start?: Date): Date | Date[] | 0;
  }
  const later: {
    parse: Parse;
    date: { UTC(): void };
    modifier: Record<string, unknown>;
    schedule(schedule: ScheduleData): Occurrences;
  };
  export default later;
  export type { Occurrences, Parse, RecurBuilder, ScheduleData };
}
