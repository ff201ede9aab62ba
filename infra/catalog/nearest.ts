import { closest, distance } from 'fastest-levenshtein';

/** A name further away than this share of its length is no typing error. */
const farthestShare = 0.5;

/** The nearest of `known`, ignoring case, or undefined if none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(name.toLowerCase(), known.map(one => one.toLowerCase()) as string[]);
  const far = distance(name.toLowerCase(), nearest) > Math.max(2, name.length * farthestShare);
  return far ? undefined : known.find(one => one.toLowerCase() === nearest);
}

/** `, did you mean runJobs?` for the nearest of `known`, or nothing where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `, did you mean ${nearest}?`;
}
