/** Waits by a real timer: for the database and its clock, which no fake clock moves. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
