import later from '@breejs/later';

/** When a schedule, as text for later, is due next after `now`. */
export function nextDue(schedule: string, now: Date): Date {
  // The minute that has begun is due as well, to later: then the one after it is meant.
  const coming = later.schedule(later.parse.text(schedule)).next(2, now) as Date[];
  return coming.find(date => date > now) as Date;
}
